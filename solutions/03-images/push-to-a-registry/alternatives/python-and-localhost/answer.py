import docker
from checker import submit

client = docker.from_env()
image = client.images.get("c03-pricing:1.4")
image.tag("localhost:8133/team/pricing", tag="1.4")
client.images.push("localhost:8133/team/pricing", tag="1.4")
image.reload()
submit(digest=next(one for one in image.attrs["RepoDigests"] if one.startswith("localhost:8133")))
