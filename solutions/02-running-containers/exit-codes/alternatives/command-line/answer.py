import json

from checker import submit

ids = {}
for code in (0, 127, 143):
    ids[code] = !docker ps --all --quiet --filter name=c02-case --filter exited=$code
both = !docker ps --all --quiet --filter name=c02-case --filter exited=137
lines = !docker inspect {both[0]} {both[1]}
memory = {one["State"]["OOMKilled"]: one["Id"] for one in json.loads("\n".join(lines))}

submit(finished=ids[0][0], not_found=ids[127][0])
submit(stopped=ids[143])
submit(killed=memory[False], out_of_memory=memory[True])
