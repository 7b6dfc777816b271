import io
import tarfile

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

!docker run --name c03-gauge --entrypoint /opt/gauge {kinds["no_shebang"]}
gauge = client.containers.get("c03-gauge")
old = client.containers.run(kinds["no_shebang"], ["cat", "/opt/gauge"], remove=True)
new = b"#!/bin/sh\n" + old
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w") as tar:
    member = tarfile.TarInfo("gauge")
    member.size, member.mode = len(new), 0o755
    tar.addfile(member, io.BytesIO(new))
gauge.put_archive("/opt", archive.getvalue())
gauge.start()
gauge.wait()
submit(other_machine=kinds["other_machine"], no_shebang=client.images.get(kinds["no_shebang"]).id)
submit(empty=kinds["empty"][-1], machine=hex(machine))
