import docker

from checker import submit

client = docker.from_env()
limits = dict(line.split() for line in open("limits.txt"))

client.containers.run(
    "busybox:1.37",
    ["sleep", "36000"],
    name="c01-report",
    detach=True,
    init=True,
    mem_limit=limits["memory"],
    nano_cpus=round(float(limits["cpus"]) * 1e9),
)

def read(*files):
    """Return the words of files inside c01-report; nothing where one of them does not exist."""
    result = client.containers.get("c01-report").exec_run(["cat", *files])
    return result.output.decode().split() if result.exit_code == 0 else []


memory = read("/sys/fs/cgroup/memory.max") or read("/sys/fs/cgroup/memory/memory.limit_in_bytes")
cpu = read("/sys/fs/cgroup/cpu.max") or read(
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"
)

submit(memory=memory[0], cpus=cpu[0])
