from checker import submit

queue = open("wanted.txt").read().strip()
pattern = f"tail -f /queues/{queue}$"
inside = !docker exec c01-press ps | grep "$pattern"
outside = !docker top c01-press -o pid,args | grep "$pattern"
links = !docker exec c01-press ls -l /proc/1/ns
machine = open("engine-machine.txt").read()
own = [line.split()[-1] for line in links if "->" in line and line.split()[-1] not in machine]
submit(inside=inside[0].split()[:1])
submit(outside=float(outside[0].split()[0]), own="\n".join(own))
