from checker import submit

!docker image tag c03-shop:stable c03-shop:previous
!docker image tag c03-shop:2.0 c03-shop:latest

import io

import docker

recipe = b"FROM c03-shop:2.0\nLABEL stable=yes\n"
docker.from_env().images.build(fileobj=io.BytesIO(recipe), tag="c03-shop:stable", rm=True)

ids = !docker image ls --quiet --no-trunc c03-shop
submit(images=len(set(ids)))
