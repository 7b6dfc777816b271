import docker

client = docker.from_env()
client.containers.run("busybox:1.37", ["echo", "ready: ticket.txt"], name="c00-proof")
