import docker

client = docker.from_env()
image, _ = client.images.build(path=".", tag="c04-pool/notice:1.1", rm=True)
client.containers.get("c04-notice").remove(force=True)
client.containers.run(image, ["Sauna closed"], name="c04-notice", detach=True, ports={"8080/tcp": ("127.0.0.1", 8144)})
