import docker

client = docker.from_env()
name = open("name.txt").read().strip()
client.containers.create("busybox:1.37", ["echo", "hello", name], name="fake-greet").start()
client.containers.get("fake-greet").wait()
