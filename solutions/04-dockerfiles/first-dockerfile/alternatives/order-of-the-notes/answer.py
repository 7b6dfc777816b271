# The SDK knows only the classic builder: its image has other layers with the same files.
import docker

client = docker.from_env()
image, _ = client.images.build(path=".", tag="c04-canteen/menu:1.0", network_mode="none", rm=True)
print(image.tags)
