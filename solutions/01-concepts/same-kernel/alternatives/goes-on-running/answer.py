import docker
from checker import submit

client = docker.from_env()
wait = "cat /etc/os-release 2>/dev/null; cat /proc/sys/kernel/osrelease >&2; exec sleep 36000"
for name, image in {"c01-kernel-debian": "debian:trixie-slim", "c01-kernel-busybox": "busybox:1.37"}.items():
    client.containers.run(image, ["sh", "-c", wait], name=name, detach=True, init=True)
inside = client.containers.get("c01-kernel-busybox").exec_run(["uname", "-r"]).output
submit(kernels=len({inside, client.containers.get("c01-kernel-debian").exec_run(["uname", "-r"]).output}))
submit(engine={"KernelVersion": "  " + inside.decode()})
