import json

from checker import submit

lines = !docker history --no-trunc --human=false --format json c03-report:1.0
rows = [json.loads(line) for line in lines]
where = max(range(len(rows)), key=lambda n: int(rows[n]["Size"]))

inspected = !docker inspect c03-report:1.0
layers = json.loads("\n".join(inspected))[0]["RootFS"]["Layers"]
place = len(layers) - where + 1  # the row on top is CMD

submit(layer=f"layer {place}")
words = rows[where]["CreatedBy"].replace("/bin/sh -c ", "").split("#")[0]
submit(instruction=words.lower().replace("copy ", " ").replace("run ", "").split(), layer=float(place))
