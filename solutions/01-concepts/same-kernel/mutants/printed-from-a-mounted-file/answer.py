import os
from pathlib import Path

import docker

from checker import submit

client = docker.from_env()
release = client.info()["KernelVersion"]
client.containers.run("debian:trixie-slim", ["uname", "-r"], name="c01-kernel-debian")

Path("kernel").write_text(release)
here = os.getcwd()
!docker run --name c01-kernel-busybox -v "$here/kernel:/kernel" busybox:1.37 cat /kernel
submit(engine=release, kernels=1)
