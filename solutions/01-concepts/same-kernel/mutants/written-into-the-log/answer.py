import docker
from checker import submit
client = docker.from_env()
release = client.info()["KernelVersion"]
client.containers.run("busybox:1.37", ["uname", "-r"], name="c01-kernel-busybox")

!docker run -d --init --name c01-kernel-debian debian:trixie-slim sleep 36000
!docker exec c01-kernel-debian sh -c "echo {release} > /proc/1/fd/1"
submit(engine=release, kernels=1)
