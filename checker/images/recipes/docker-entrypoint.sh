#!/bin/sh
# Without arguments, or with options only: start an engine. Otherwise run the command that is given.
# It listens on its socket; with DOCKER_TLS_CERTDIR= (empty) on port 2375 too. This stand-in makes no certificates.
set -e

# cgroup v2: a group with processes of its own cannot hand controllers on, so the processes move one group down.
prepare_cgroups() {
    [ -f /sys/fs/cgroup/cgroup.controllers ] || return 0
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs 2> /dev/null || true
    sed -e 's/ / +/g' -e 's/^/+/' < /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control || true
}

choose_iptables() {
    if [ -n "${DOCKER_IPTABLES_LEGACY:-}" ] || ! iptables -nL > /dev/null 2>&1; then
        for tool in iptables ip6tables; do update-alternatives --set "$tool" "/usr/sbin/$tool-legacy" > /dev/null; done
    fi
}

case "${1:-}" in
    '' | -*)
        set -- --host=unix:///var/run/docker.sock "$@"
        [ -n "${DOCKER_TLS_CERTDIR:-}" ] || set -- --host=tcp://0.0.0.0:2375 --tls=false "$@"
        set -- dockerd "$@"
        ;;
esac
if [ "$1" = dockerd ]; then
    rm -f /var/run/docker.pid /run/docker/containerd/containerd.pid
    prepare_cgroups
    choose_iptables
    set -- tini -- "$@"
fi
exec "$@"
