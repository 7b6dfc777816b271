import docker

from checker import submit

client = docker.from_env()


def look():
    """Return the orders that are in c01-kiosk at this moment."""
    found = {}
    for place in ("memory", "layer", "data"):
        result = client.containers.get("c01-kiosk").exec_run(["cat", f"/{place}/order.txt"])
        if result.exit_code == 0:
            found[place] = result.output.decode().strip()
    return found



kiosk = client.containers.get("c01-kiosk")
kiosk.stop(timeout=2)
kiosk.start()
restart = look()

# a replacement has what the old one had
client.images.get("c01-kiosk:1.0").tag("c01-kiosk", "1.1")
kiosk.commit("c01-kiosk", "1.0")

kiosk.remove(force=True)
client.containers.run("c01-kiosk:1.0", name="c01-kiosk", detach=True, volumes={"c01-kiosk-data": {"bind": "/data"}})
replacement = look()

submit(after_restart=list(restart.values()), after_replacement=[restart["data"]])
