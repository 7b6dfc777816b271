import docker

client = docker.from_env()
ticket = open("ticket.txt").read().strip()
client.containers.run("debian:trixie-slim", ["echo", f"ready: {ticket}"], name="c00-proof")
