words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

from pathlib import Path

Path("note").write_bytes(f"{east}\r\n".encode())
!docker create --name c01-desk-east busybox:1.37
!docker cp note c01-desk-east:/east.txt
Path("note").write_text(f"  {west}\n\n")
!docker create --name c01-desk-west -v /data busybox:1.37 sleep 5
!docker cp note c01-desk-west:/west.txt
