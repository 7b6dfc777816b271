import docker

from checker import submit

!docker image save --output kiosk.tar c03-kiosk:1.0
!docker image rm c03-kiosk:1.0
!docker image load --input kiosk.tar

!docker container create --name c03-kiosk c03-kiosk:1.0
!docker container export --output flat.tar c03-kiosk
!docker image import flat.tar c03-kiosk:flat
!docker container rm c03-kiosk

client = docker.from_env()
rows = {tag: client.images.get(f"c03-kiosk:{tag}").history() for tag in ("1.0", "flat")}
submit(
    layers_loaded=len(rows["1.0"]),
    layers_imported=len(rows["flat"]),
    lost=["command", "environment", "working directory"],
)
