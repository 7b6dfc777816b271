import json

from checker import submit

!docker image tag c03-pricing:1.4 127.0.0.1:8133/team/pricing:1.4
printed = !docker image push 127.0.0.1:8133/team/pricing:1.4

lines = !docker image save c03-pricing:1.4 | tar -xO manifest.json
config = json.loads(lines[0])[0]["Config"]
submit(digest=config.rpartition("/")[2].removesuffix(".json"))
