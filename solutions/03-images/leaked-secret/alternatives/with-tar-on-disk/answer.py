import json

from checker import submit

!docker save --output billing.tar c03-billing:2.3
manifest = !tar -xOf billing.tar manifest.json
for name in json.loads("".join(manifest))[0]["Layers"]:
    !tar -xf billing.tar {name}
    lines = !tar -xOf {name} 2>/dev/null | grep -av example | grep -a -B 1 BILLING_TOKEN
    if lines:
        submit(token=lines, layer=name)
