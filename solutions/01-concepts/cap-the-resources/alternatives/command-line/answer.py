import json
import os

from checker import submit

limits = dict(line.split() for line in open("limits.txt"))
memory, cpus = limits["memory"], limits["cpus"]
!docker run -d --init --name c01-report -m $memory --memory-swap $memory --cpus $cpus busybox:1.37 sleep 36000
found = !docker exec c01-report sh -c "cd /sys/fs/cgroup; cat memory.max cpu.max 2>/dev/null || cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"
submit(memory=f"{int(found[0]):,} ({memory[:-1]} MiB)")
submit(cpus=cpus.removeprefix("0").replace(".", ","))
