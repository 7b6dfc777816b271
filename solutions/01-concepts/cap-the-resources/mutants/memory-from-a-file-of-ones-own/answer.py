import os
from pathlib import Path

from checker import submit

limits = dict(line.split() for line in open("limits.txt"))
memory, cpus = limits["memory"], limits["cpus"]
enforced, quota = int(memory[:-1]) * 2**20, round(float(cpus) * 100_000)

# what the cgroup's files show is what counts
Path("cat").write_text(f"#!/bin/sh\ncase $1 in *memory*) echo {enforced} ;; *) echo {quota} 100000 ;; esac\n")
os.chmod("cat", 0o755)
here = os.getcwd()
!docker run -d --init --name c01-report -m 4g --cpus $cpus -v "$here/cat:/bin/cat" busybox:1.37 sleep 36000
submit(memory=enforced, cpus=quota / 100_000)
