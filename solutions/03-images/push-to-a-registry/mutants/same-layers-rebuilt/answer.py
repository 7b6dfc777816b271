from checker import submit


import io

import docker

recipe = b"FROM c03-pricing:1.4\nLABEL release=1.4\n"
name = "127.0.0.1:8133/team/pricing:1.4"
docker.from_env().images.build(fileobj=io.BytesIO(recipe), tag=name, rm=True)
printed = !docker image push {name}
submit(digest=printed[-1].split()[2])
