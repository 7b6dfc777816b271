import docker

pages = "/usr/share/nginx/html"
api = docker.from_env().api
host = api.create_host_config(
    port_bindings={80: ("127.0.0.1", 8082), 8443: [("127.0.0.1",), ("::1",)]},
    init=True,
)
made = api.create_container("nginx:1.26", name="c02-web", host_config=host, ports=[80, 8443], volumes=[pages])
api.start(made)
