from checker import submit

limits = dict(line.split() for line in open("limits.txt"))
memory, quota = limits["memory"], int(float(limits["cpus"]) * 50000)
!docker run --detach --init --name c01-report --memory-reservation 8m busybox:1.37 sleep 36000
!docker update --memory $memory --memory-swap -1 --cpu-period 50000 --cpu-quota $quota c01-report
inside = !docker exec c01-report sh -c "cat /sys/fs/cgroup/memory.max || cat /sys/fs/cgroup/memory/memory.limit_in_bytes" 2>/dev/null
submit(memory=inside, cpus=f"{quota} / 50000 = {limits['cpus']}")
