import io
import json
import tarfile

import docker
from checker import submit

saved = io.BytesIO(b"".join(docker.from_env().images.get("c03-report:1.0").save()))
with tarfile.open(fileobj=saved) as outer:
    manifest = json.load(outer.extractfile("manifest.json"))[0]
    config = json.load(outer.extractfile(manifest["Config"]))
    sizes = [outer.getmember(name).size for name in manifest["Layers"]]
biggest = sizes.index(max(sizes))
made = [one for one in config["history"] if not one.get("empty_layer")]

submit(instruction=made[biggest], layer=config["rootfs"]["diff_ids"][biggest][7:19] + "…")
