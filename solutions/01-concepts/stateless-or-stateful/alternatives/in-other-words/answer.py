import docker
from checker import submit

client = docker.from_env()
old = client.containers.get("c01-kiosk")
old.kill()
old.wait()
old.start()
while old.exec_run(["cat", "/data/starts"]).output.count(b"start") < 2:
    pass
old.remove(force=True, v=True)
new = client.containers.create("c01-kiosk:1.0", name="c01-kiosk", volumes=["c01-kiosk-data:/data:rw"])
new.start()
submit(after_restart="/layer/order.txt and /data/order.txt", after_replacement="the data volume")
