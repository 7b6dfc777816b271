import docker

from checker import submit

!docker save c03-kiosk | gzip -1 > kiosk.tar
!docker create --name c03-kiosk c03-kiosk:1.0 > /dev/null
!docker export c03-kiosk | docker import - c03-kiosk:flat
!docker rm c03-kiosk
!docker rmi --force c03-kiosk:1.0
!docker load < kiosk.tar

client = docker.from_env()
loaded, imported = client.images.get("c03-kiosk:1.0").attrs, client.images.get("c03-kiosk:flat").attrs

submit(
    lost={"Cmd": True, "Env": True, "WorkingDir": True, "files": False},
    layers_imported=1.0,
    layers_loaded=len(loaded["RootFS"]["Layers"]),
)
