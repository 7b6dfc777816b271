import docker

client = docker.from_env()
queue = open("queue.txt").read()
for worker in client.containers.list(filters={"volume": "c02-queues"}):
    if queue in worker.logs().decode():
        worker.kill("TERM")
        worker.wait()
        worker.remove(force=True, v=True)
