from checker import submit

found = {}
for number in (1, 2, 3):
    lines = !docker run --rm c03-gauge:{number} hexdump -C /opt/gauge
    kind = "empty" if lines == [] else "other_machine" if "7f 45 4c 46" in lines[0] else "no_shebang"
    found[kind] = number
    if kind == "other_machine":
        low, high = lines[1].split()[3:5]

!docker run -d --name c03-gauge --entrypoint sh -e LANG=C -t c03-gauge:{found["no_shebang"]} -eux /opt/gauge
!docker wait c03-gauge
submit(**found, machine=high + low)
