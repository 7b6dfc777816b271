import docker

client = docker.from_env()
ticket = open("ticket.txt").read().strip()
client.containers.run("busybox:1.37", [f"echo ready: {ticket}"], name="c00-proof")
