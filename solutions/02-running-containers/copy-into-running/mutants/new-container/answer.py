import docker

client = docker.from_env()
client.containers.get("c02-site").remove(force=True)
site = client.containers.run("nginx:1.26", name="c02-site", detach=True, ports={"80/tcp": ("127.0.0.1", None)})
!docker cp opening-hours.html c02-site:/usr/share/nginx/html/
