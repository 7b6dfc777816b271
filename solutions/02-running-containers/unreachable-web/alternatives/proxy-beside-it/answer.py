import docker

proxy = """
import socket, threading

def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)

with socket.create_server(("", 80)) as server:
    print("ready", flush=True)
    while True:
        outside, _ = server.accept()
        inside = socket.create_connection(("127.0.0.1", 8000))
        for pair in ((outside, inside), (inside, outside)):
            threading.Thread(target=copy, args=pair).start()
"""

client = docker.from_env()
client.containers.get("c02-shop").remove()
shop = client.containers.get("c02-shop-new")
shop.rename("c02-shop")
beside = client.containers.run(
    "python:3.13-slim-trixie",
    ["python", "-c", proxy],
    name="c02-shop-new",
    network_mode="container:c02-shop",
    detach=True,
    init=True,
)
next(beside.logs(stream=True))
