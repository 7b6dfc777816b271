import docker
from checker import submit

!docker image tag c03-pricing:1.4 127.0.0.1:8133/team/pricing:1.4
printed = !docker image push 127.0.0.1:8133/team/pricing:1.4

submit(digest=docker.from_env().images.get("c03-pricing:1.4").attrs["RootFS"]["Layers"][-1])
