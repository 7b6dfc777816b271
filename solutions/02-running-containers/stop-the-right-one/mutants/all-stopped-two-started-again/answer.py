import docker

client = docker.from_env()
queue = open("queue.txt").read().strip()

workers = [client.containers.get(f"c02-worker-{number}") for number in (1, 2, 3)]
(worker,) = [one for one in workers if f"--queue={queue}" in one.attrs["Config"]["Cmd"]]
others = [one for one in workers if one != worker]

for one in workers:
    one.stop()
worker.remove()
for one in others:
    one.start()
