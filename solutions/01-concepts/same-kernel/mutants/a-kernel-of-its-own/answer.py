import docker

from checker import submit

client = docker.from_env()
release = client.info()["KernelVersion"]
client.containers.run("debian:trixie-slim", ["uname", "-r"], name="c01-kernel-debian")
client.containers.run("busybox:1.37", ["uname", "-r"], name="c01-kernel-busybox")

# a container is a small machine, and the engine's machine comes on top
submit(engine=release, kernels="1 for each container, and one for the engine's machine")
