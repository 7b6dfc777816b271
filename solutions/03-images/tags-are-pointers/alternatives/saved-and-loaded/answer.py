from checker import submit


import docker

client = docker.from_env()
client.images.get("c03-shop:stable").tag("c03-shop", "previous")
client.images.get("c03-shop:2.0").tag("c03-shop", "stable")
data = b"".join(client.images.get("c03-shop:stable").save(named="c03-shop:stable"))
client.images.remove("c03-shop:stable")
client.images.load(data)
client.images.get("c03-shop:2.0").tag("c03-shop", "latest")

ids = !docker image ls --quiet --no-trunc c03-shop
submit(images=len(set(ids)))
