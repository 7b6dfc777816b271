import docker

client = docker.from_env()
client.containers.run(
    "nginx:1.26",
    name="c02-web",
    detach=True,
    ports={80: ("127.0.0.1", 8082)},
    restart_policy={"Name": "unless-stopped"},
)
