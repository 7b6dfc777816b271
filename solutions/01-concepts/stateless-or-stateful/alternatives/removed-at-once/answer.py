import docker

from checker import submit

client = docker.from_env()


def look():
    found = {}
    for place in ("memory", "layer", "data"):
        result = client.containers.get("c01-kiosk").exec_run(["cat", f"/{place}/order.txt"])
        if result.exit_code == 0:
            found[place] = result.output.decode().strip()
    return found


first = look()
kiosk = client.containers.get("c01-kiosk")
kiosk.restart(timeout=1)
kiosk.remove(force=True)
client.containers.run("c01-kiosk:1.0", name="c01-kiosk", detach=True, volumes={"c01-kiosk-data": {"bind": "/data"}})
replacement = look()
submit(after_restart=[first["layer"], first["data"]], after_replacement=[first["data"]])
