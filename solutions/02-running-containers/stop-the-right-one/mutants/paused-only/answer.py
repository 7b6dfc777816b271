import docker

client = docker.from_env()
queue = open("queue.txt").read().strip()

workers = [client.containers.get(f"c02-worker-{number}") for number in (1, 2, 3)]
(worker,) = [one for one in workers if f"--queue={queue}" in one.attrs["Config"]["Cmd"]]

# it reads no more
worker.pause()
