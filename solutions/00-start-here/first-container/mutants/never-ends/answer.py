import docker

client = docker.from_env()
ticket = open("ticket.txt").read().strip()
client.containers.run(
    "busybox:1.37",
    ["sh", "-c", f"echo 'ready: {ticket}'; sleep 600"],
    name="c00-proof",
    detach=True,
    init=True,
)
