import docker

from checker import submit

client = docker.from_env()
release = client.info()["KernelVersion"]

client.containers.run("debian:trixie-slim", ["cat", "/etc/debian_version"], name="c01-kernel-debian")
client.containers.run("busybox:1.37", ["uname", "-r"], name="c01-kernel-busybox")
submit(engine=release, kernels=1)
