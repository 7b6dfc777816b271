import docker
from checker import submit

queue = open("wanted.txt").read().strip()
press = docker.from_env().containers.get("c01-press")
script = f'for p in /proc/[0-9]*; do grep -q "^tail.-f./queues/{queue}" $p/cmdline && echo $p; done'
inside = press.exec_run(["sh", "-c", script]).output.decode().strip().rpartition("/")[2]
rows = press.top(ps_args="-eo pid,args")["Processes"]
outside = [row[0] for row in rows if row[-1].endswith(queue) and row[-1].startswith("tail")]
machine = dict(line.split(":") for line in open("engine-machine.txt"))
links = press.exec_run(["sh", "-c", "for n in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$n; done"])
own = [n for n, i in (link.split(":") for link in links.output.decode().split()) if machine[n].strip() != i]
submit(inside=inside, outside=outside, own=[{"net": "network", "mnt": "mount"}.get(n, n.upper()) for n in own])
