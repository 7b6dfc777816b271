import docker

client = docker.from_env()
client.networks.create("c02-net")
api = client.containers.run("nginx:1.26", name="c02-api", network="c02-net", detach=True)
api.reload()
address = api.attrs["NetworkSettings"]["Networks"]["c02-net"]["IPAddress"]
client.containers.run(
    "busybox:1.37",
    ["sleep", "3600"],
    name="c02-client",
    network="c02-net",
    extra_hosts={"c02-api": address},
    detach=True,
    init=True,
)
