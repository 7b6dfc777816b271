import docker

from checker import submit

import json

client = docker.from_env()
image = client.images.get("c03-kiosk:1.0")
with open("kiosk.tar", "wb") as file:
    file.writelines(image.save(named=True))
client.images.remove("c03-kiosk:1.0")
with open("kiosk.tar", "rb") as file:
    (image,) = client.images.load(file)

box = client.containers.create("c03-kiosk:1.0", ["true"])
client.api.import_image_from_data(b"".join(box.export()), repository="c03-kiosk", tag="flat")
box.remove()

counts = [len(client.images.get(f"c03-kiosk:{tag}").attrs["RootFS"]["Layers"]) for tag in ("1.0", "flat")]
submit(layers_loaded=f"{counts[0]} layers", layers_imported=str(counts[1]))
submit(lost="ENV, WORKDIR and CMD")
