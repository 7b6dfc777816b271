import docker

from checker import submit

client = docker.from_env()

kinds = {}
for number in (1, 2, 3):
    show = ["cat", "/opt/gauge"]
    content = client.containers.run(f"c03-gauge:{number}", show, remove=True)
    kind = "other_machine" if content[:4] == b"\x7fELF" else "no_shebang" if content else "empty"
    kinds[kind] = f"c03-gauge:{number}"
    if kind == "other_machine":
        machine = int.from_bytes(content[18:20], "little")

import io

recipe = f"""FROM {kinds["no_shebang"]}
RUN sed -i '1i #!/bin/sh' /opt/gauge
"""
client.images.build(fileobj=io.BytesIO(recipe.encode()), tag="c03-gauge:fixed", rm=True)
!docker run --name c03-gauge c03-gauge:fixed

submit(machine=machine, **kinds)
