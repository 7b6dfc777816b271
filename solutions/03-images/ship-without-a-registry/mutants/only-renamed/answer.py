import docker

from checker import submit

!docker image save --output kiosk.tar c03-kiosk:1.0
!docker image tag c03-kiosk:1.0 c03-kiosk:keep
!docker image rm c03-kiosk:1.0
!docker image tag c03-kiosk:keep c03-kiosk:1.0
!docker image rm c03-kiosk:keep

!docker container create --name c03-kiosk c03-kiosk:1.0
!docker container export --output flat.tar c03-kiosk
!docker image import flat.tar c03-kiosk:flat
!docker container rm c03-kiosk

client = docker.from_env()
loaded, imported = client.images.get("c03-kiosk:1.0").attrs, client.images.get("c03-kiosk:flat").attrs

submit(
    layers_loaded=len(loaded["RootFS"]["Layers"]),
    layers_imported=len(imported["RootFS"]["Layers"]),
    lost=["command", "environment", "working directory"],
)
