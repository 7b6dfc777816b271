import docker
from checker import submit

client = docker.from_env()
old, new = client.images.get("c03-shop:stable"), client.images.get("c03-shop:2.0")
new.tag("c03-shop:stable")
new.tag("c03-shop")
old.tag("c03-shop", tag="previous")

submit(images=f" {len(client.images.list('c03-shop'))} images")
