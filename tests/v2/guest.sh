# In the guest's root: mount what an engine needs, start it, run the command, switch the machine off.
# The second port of the virtual serial line takes the exit status, the first all that is printed.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
output=$(echo /dev/vport*p1) status=$(echo /dev/vport*p2)
box=/run/guest/busybox

finish() {
  echo "$1" >"$status"
  echo o >/proc/sysrq-trigger
  $box sleep 60
}

fail() {
  echo "The guest could not $1." >"$output"
  [ -f /run/guest/engine.log ] && $box tail -n 20 /run/guest/engine.log >"$output"
  finish 70
}

$box mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup || fail "mount cgroup v2"
# As under systemd: the engine's own group is not the root, where some of the limits' files are missing.
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
$box mkdir /sys/fs/cgroup/guest
echo $$ >/sys/fs/cgroup/guest/cgroup.procs || fail "enter a cgroup"
$box mount -t securityfs securityfs /sys/kernel/security
$box mkdir -p /dev/pts /dev/shm /dev/mqueue
$box mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
$box mount -t tmpfs -o mode=1777 tmpfs /dev/shm
$box mount -t mqueue mqueue /dev/mqueue
$box mount -t tmpfs -o mode=1777 tmpfs /tmp
$box ln -sfn /proc/self/fd /dev/fd
$box hostname guest
echo '127.0.0.1 localhost guest' >/etc/hosts
$box ip link set lo up

$box mkdir -p /var/lib/docker
$box mount -t ext4 /dev/vdb /var/lib/docker || fail "mount the engine's disk"
$box tar -xf /dev/vdc -C / || fail "copy the course"
. /run/guest/limit # an orphan ends as well
($box sleep "$LIMIT" && echo o >/proc/sysrq-trigger) &

dockerd >/run/guest/engine.log 2>&1 &
engine=$!
while ! [ -S /var/run/docker.sock ]; do
  $box kill -0 "$engine" 2>/dev/null || fail "start its engine"
  $box sleep 0.1
done
docker version >/dev/null 2>&1 || fail "start its engine"

cd /course
sh /run/guest/command </dev/null >"$output" 2>&1
finish $?
