words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

import os

for side, word in words.items():
    with open(f"{side}.txt", "w") as file:
        file.write(word)
here = os.getcwd()
!docker run -d --init --name c01-desk-east -v "$here/east.txt:/east.txt" busybox:1.37 sleep 36000
!docker run -d --init --name c01-desk-west -v "$here/west.txt:/west.txt" busybox:1.37 sleep 36000
