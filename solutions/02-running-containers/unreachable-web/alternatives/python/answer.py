import docker

client = docker.from_env()

for name in ("c02-shop", "c02-shop-new"):
    client.containers.get(name).remove(force=True)
client.containers.run(
    "c02-shop:1.0",
    name="c02-shop",
    environment={"SHOP_ADDRESS": "0.0.0.0"},
    ports={"8000/tcp": ("127.0.0.1", 8083)},
    detach=True,
)
