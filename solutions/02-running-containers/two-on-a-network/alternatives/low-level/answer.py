import docker
from docker.types import IPAMConfig, IPAMPool

api = docker.from_env().api
ipam = IPAMConfig(pool_configs=[IPAMPool(subnet="10.202.7.0/24")])
net = api.create_network("c02-net", driver="bridge", ipam=ipam, check_duplicate=True)["Id"]
place = api.create_networking_config({"c02-net": api.create_endpoint_config(aliases=["prices"])})
for name, image, command in (
    ("c02-client", "busybox:1.37", "tail -f /dev/null"),
    ("c02-api", "nginx:1.26", None),
):
    host = api.create_host_config(init=True, network_mode=net if name == "c02-api" else "c02-net")
    options = {"networking_config": place} if name == "c02-client" else {}
    made = api.create_container(image, command, name=name, host_config=host, hostname="box", **options)
    api.start(made["Id"])
