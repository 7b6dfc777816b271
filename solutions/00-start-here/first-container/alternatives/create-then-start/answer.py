import docker
from pathlib import Path

client = docker.from_env()
container = client.containers.create(
    "busybox:1.37",
    name="c00-proof",
    environment={"TICKET": Path("ticket.txt").read_text().strip()},
    entrypoint=["sh", "-c"],
    command=['printf "starting\n"; sleep 1; printf "ready: %s" "$TICKET"'],
)
container.start()
