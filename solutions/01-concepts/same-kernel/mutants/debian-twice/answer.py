import docker

from checker import submit

client = docker.from_env()
release = client.info()["KernelVersion"]
client.containers.run("debian:trixie-slim", ["uname", "-r"], name="c01-kernel-debian")

# the name is what counts
client.containers.run("debian:trixie-slim", ["uname", "-r"], name="c01-kernel-busybox")
submit(engine=release, kernels=1)
