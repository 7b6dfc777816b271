import re

import docker
from checker import submit

client = docker.from_env()
data = b"".join(client.api.get_image("c03-billing:2.3"))
tokens = {one.decode() for one in re.findall(rb"tok_[0-9a-f]{16}", data)}

layers = client.api.inspect_image("c03-billing:2.3")["RootFS"]["Layers"]
rows = [row["CreatedBy"] for row in client.api.history("c03-billing:2.3")]
above = [row for row in rows if not row.startswith("CMD")]
where = next(n for n, row in enumerate(above) if row.startswith("COPY private"))
submit(token=sorted(tokens), layer=f"layer {len(layers) - where}")
