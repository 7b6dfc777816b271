import docker

from checker import submit

!docker image save --output kiosk.tar c03-kiosk:1.0
!docker image rm c03-kiosk:1.0
!docker image load --input kiosk.tar

# a tar is a tar
!docker image import kiosk.tar c03-kiosk:flat

client = docker.from_env()
loaded, imported = client.images.get("c03-kiosk:1.0").attrs, client.images.get("c03-kiosk:flat").attrs

submit(
    layers_loaded=len(loaded["RootFS"]["Layers"]),
    layers_imported=len(imported["RootFS"]["Layers"]),
    lost=["command", "environment", "working directory"],
)
