import docker

client = docker.from_env()
queue = open("queue.txt").read().strip()

workers = [client.containers.get(f"c02-worker-{number}") for number in (1, 2, 3)]
(worker,) = [one for one in workers if f"--queue={queue}" in one.attrs["Config"]["Cmd"]]
others = [one for one in workers if one != worker]

# all three go, and two come back under their names
for one in workers:
    one.stop()
    one.remove()
for one in others:
    client.containers.run(
        "busybox:1.37",
        ["sh", "-c", "sleep 3600", *one.attrs["Config"]["Cmd"]],
        name=one.name,
        volumes=["c02-queues:/queues"],
        init=True,
        stop_signal="KILL",
        detach=True,
    )
