"""What a submission may ask its engine for: tables of bodies that are refused, and of bodies that pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.grading.filtering import policy
from checker.grading.filtering.policy import Refusal

KELVIN, LONG_S = "\u212a", "\u017f"  # Go reads them as k and s in a field's name

#: Settings of HostConfig that are refused, and the words that say why.
REFUSED_HOST: list[tuple[dict[str, Any], str]] = [
    ({"Privileged": True}, "Privileged"),
    ({"privileged": True}, "Privileged"),
    ({"PRIVILEGED": True}, "Privileged"),
    ({"Devices": [{"PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/kmsg"}]}, "Devices"),
    ({"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]}, "DeviceRequests"),
    ({"DeviceCgroupRules": ["a *:* rwm"]}, "DeviceCgroupRules"),
    ({"CgroupParent": "/"}, "CgroupParent"),
    ({"Cgroup": "container:other"}, "Cgroup"),
    ({"UsernsMode": "host"}, "UsernsMode"),
    ({"OomKillDisable": True}, "OomKillDisable"),
    ({"OomScoreAdj": -1000}, "OomScoreAdj"),
    ({"StorageOpt": {"size": "100G"}}, "StorageOpt"),
    ({"Runtime": "/tmp/mine"}, "Runtime"),
    ({"Runtime": "io.containerd.kata.v2"}, "Runtime"),
    ({"PidMode": "host"}, "PidMode"),
    ({"pidmode": "host"}, "PidMode"),
    ({"IpcMode": "host"}, "IpcMode"),
    ({"UTSMode": "host"}, "UTSMode"),
    ({f"UT{LONG_S}Mode": "host"}, "UTSMode"),
    ({"CgroupnsMode": "host"}, "CgroupnsMode"),
    ({f"CgroupN{LONG_S}Mode": "host"}, "CgroupnsMode"),
    ({"CapAdd": ["ALL"]}, "CapAdd"),
    ({"CapAdd": ["CAP_ALL"]}, "CapAdd"),
    ({"CapAdd": ["sys_admin"]}, "CapAdd"),
    ({"CapAdd": ["CHOWN", "cap_sys_ptrace"]}, "CapAdd"),
    ({"CapAdd": ["SYS_MODULE"]}, "CapAdd"),
    ({"CapAdd": ["DAC_READ_SEARCH"]}, "CapAdd"),
    ({"CapAdd": ["NET_ADMIN"], "NetworkMode": "host"}, "CapAdd"),
    ({"CapAdd": ["NET_ADMIN"], f"Networ{KELVIN}Mode": "host"}, "CapAdd"),
    ({"CapAdd": ["NET_ADMIN"], "NetworkMode": "container:one-in-the-engines-network"}, "CapAdd"),
    ({"SecurityOpt": ["seccomp=unconfined"]}, "SecurityOpt"),
    ({"SecurityOpt": ["seccomp:unconfined"]}, "SecurityOpt"),
    ({"SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']}, "SecurityOpt"),
    ({"SecurityOpt": ["apparmor=unconfined"]}, "SecurityOpt"),
    ({"SecurityOpt": ["label=disable"]}, "SecurityOpt"),
    ({"SecurityOpt": ["systempaths=unconfined"]}, "SecurityOpt"),
    ({"SecurityOpt": ["no-new-privileges", "writable-cgroups=true"]}, "SecurityOpt"),
    ({"SecurityOpt": ["no-new-privileges=false"]}, "SecurityOpt"),
    ({f"{LONG_S}ecurityOpt": ["seccomp=unconfined"]}, "SecurityOpt"),
    ({"MaskedPaths": []}, "MaskedPaths"),
    ({f"Mas{KELVIN}edPaths": []}, "MaskedPaths"),
    ({"ReadonlyPaths": []}, "ReadonlyPaths"),
    ({"Sysctls": {"kernel.core_pattern": "|/tmp/x"}}, "Sysctls"),
    ({"Sysctls": {"net.ipv4.ip_forward": "1"}, "NetworkMode": "host"}, "Sysctls"),
    ({"Binds": ["/:/x"]}, "bind of /"),
    ({"binds": ["/etc:/x:ro"]}, "bind of /etc"),
    ({"Binds": ["/tmp/../etc:/x"]}, "bind of"),
    ({"Binds": ["/course/work/../../var/lib/docker:/x"]}, "bind of"),
    ({"Binds": ["//:/x"]}, "bind of"),
    ({"Binds": ["//tmp/../etc:/x"]}, "bind of"),
    ({"Binds": ["/course/workshop:/x"]}, "bind of"),
    ({"Binds": ["/tmpfs:/x"]}, "bind of"),
    ({"Binds": ["/course:/x"]}, "bind of"),
    ({"Binds": ["/run/lab:/x"]}, "bind of"),
    ({"Binds": ["/run:/x"]}, "bind of"),
    ({"Binds": ["/proc/1/root/tmp:/x"]}, "bind of"),
    ({"Binds": ["./etc:/x"]}, "Binds"),
    ({"Binds": ["a/../../etc:/x"]}, "Binds"),
    ({"Binds": ["data:/x", "/etc:/y"]}, "bind of /etc"),
    ({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/x"}]}, "bind of /"),
    ({"Mounts": [{"type": "bind", "source": "/etc", "target": "/x"}]}, "bind of /etc"),
    ({"Mounts": [{"Type": "bind", f"{LONG_S}ource": "/etc", "Target": "/x"}]}, "bind of /etc"),
    ({"Mounts": [{"Type": "bind", "Target": "/x"}]}, "bind of"),
    (
        {
            "Mounts": [
                {
                    "Type": "bind",
                    "Source": "/var/lib/docker",
                    "Target": "/x",
                    "BindOptions": {"CreateMountpoint": True},
                }
            ]
        },
        "bind of",
    ),
    ({"Mounts": [{"Type": "image", "Source": "busybox", "Target": "/x"}]}, "type image"),
    ({"Mounts": [{"Type": "cluster", "Source": "x", "Target": "/x"}]}, "type cluster"),
    ({"Mounts": [{"Type": "npipe", "Source": "x", "Target": "/x"}]}, "type npipe"),
    ({"Mounts": [{"Source": "/etc", "Target": "/x"}]}, "type None"),
    (
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Target": "/x",
                    "VolumeOptions": {
                        "DriverConfig": {"Name": "local", "Options": {"o": "bind", "device": "/"}}
                    },
                }
            ]
        },
        "bind of /",
    ),
    (
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Target": "/x",
                    "volumeoptions": {
                        "driverconfig": {"options": {"type": "tmpfs", "o": "bind", "device": "/"}}
                    },
                }
            ]
        },
        "driver options",
    ),
    ({"VolumeDriver": "sshfs"}, "VolumeDriver"),
    ({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "unix:///run/x"}}}, "LogConfig"),
    ({"LogConfig": {"Type": "fluentd", "Config": {"fluentd-address": "UNIX:///run/x"}}}, "LogConfig"),
    ({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "unixgram:///x"}}}, "LogConfig"),
]

#: What is neither: two readings, or another kind of value.
UNCLEAR_HOST: list[dict[str, Any]] = [
    {"Privileged": False, "privileged": True},
    {"Binds": [], "binds": ["/:/x"]},
    {"NetworkMode": "none", f"Networ{KELVIN}Mode": "host"},
    {"Binds": "/etc:/x"},
    {"Mounts": {"Type": "bind"}},
    {"Mounts": ["/etc"]},
    {"Mounts": [{"Type": "bind", "Source": "/tmp", "source": "/etc", "Target": "/x"}]},
    {"Sysctls": ["kernel.x"]},
    {"CapAdd": "ALL"},
]

#: What `docker run` sends when it is asked for nothing.
PLAIN_HOST: dict[str, Any] = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "", "Config": {}}, "NetworkMode": "bridge",
    "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False,
    "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0], "CapAdd": None, "CapDrop": None,
    "CgroupnsMode": "", "Dns": [], "DnsOptions": [], "DnsSearch": [], "ExtraHosts": None, "GroupAdd": None,
    "IpcMode": "", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False,
    "PublishAllPorts": False, "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "",
    "ShmSize": 0, "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CgroupParent": "",
    "BlkioWeight": 0, "BlkioWeightDevice": [], "BlkioDeviceReadBps": [], "CpuPeriod": 0, "CpusetCpus": "",
    "Devices": [], "DeviceCgroupRules": None, "DeviceRequests": None, "MemorySwappiness": -1,
    "OomKillDisable": False, "PidsLimit": 0, "Ulimits": [], "CpuCount": 0, "MaskedPaths": None,
    "ReadonlyPaths": None,
}  # fmt: skip

SOUND_HOST: list[dict[str, Any]] = [
    PLAIN_HOST,
    {},
    {"Runtime": "runc", "OomScoreAdj": 500, "Init": True, "ReadonlyRootfs": True, "ShmSize": 2**26},
    {"Tmpfs": {"/run": "rw,noexec,size=64m", "/x": ""}, "Annotations": {"a": "b"}, "GroupAdd": ["1", "x"]},
    {"NetworkMode": "host"},
    {"NetworkMode": "container:web", "PidMode": "container:web", "IpcMode": "shareable"},
    {"IpcMode": "private", "CgroupnsMode": "private", "NetworkMode": "none"},
    {"CapAdd": ["NET_ADMIN", "CAP_SYS_TIME", "net_raw"], "CapDrop": ["ALL"]},
    {"Sysctls": {"net.ipv4.ip_forward": "1", "net.core.somaxconn": "1024"}},
    {"SecurityOpt": ["no-new-privileges"]},
    {"SecurityOpt": ["no-new-privileges:true"]},
    {"Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}], "Memory": 2**26, "PidsLimit": 64},
    {"Binds": ["data:/data", "data:/data:ro", "/course/work:/work:ro,z", "/tmp:/tmp", "/tmp/home/x:/x"]},
    {"Binds": ["/tmp/x:/x:rw,rslave", "/course/work/./a//b:/b", "/anonymous"]},
    {"VolumesFrom": ["web:ro"], "Links": ["db:database"], "VolumeDriver": "local"},
    {"Mounts": [{"Type": "volume", "Source": "data", "Target": "/data"}]},
    {"Mounts": [{"Type": "volume", "Target": "/d", "VolumeOptions": {"NoCopy": True, "Subpath": "a"}}]},
    {"Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1, "Mode": 1023}}]},
    {"Mounts": [{"Type": "bind", "Source": "/tmp/a", "Target": "/a", "BindOptions": {"NonRecursive": True}}]},
    {"LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "3", "tag": "{{.Name}}"}}},
    {"LogConfig": {"Type": "local", "Config": {"compress": "false"}}},
    {"LogConfig": {"Type": "none", "Config": None}},
    {"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:514"}}},
]  # fmt: skip


def named(value: object) -> str:
    return json.dumps(value)[:60]


@pytest.mark.parametrize(("host", "why"), REFUSED_HOST, ids=named)
@pytest.mark.parametrize("place", ["HostConfig", "hostconfig", f"Ho{LONG_S}tConfig", "top"])
def test_a_container_that_leads_out_is_refused(host: dict[str, Any], why: str, place: str) -> None:
    body = {"Image": "busybox:1.37", **(host if place == "top" else {place: host})}
    with pytest.raises(Refusal) as refused:
        policy.container(policy.parse(json.dumps(body).encode()))
    assert refused.value.status == 403
    assert why in refused.value.what


@pytest.mark.parametrize("host", UNCLEAR_HOST, ids=named)
def test_a_container_that_can_be_read_in_two_ways_is_refused(host: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        policy.container({"Image": "busybox:1.37", "HostConfig": host})
    assert refused.value.status == 400


def test_settings_in_two_places_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        policy.container({"HostConfig": {}, "hostconfig": {"Privileged": True}})
    assert refused.value.status == 400


@pytest.mark.parametrize("host", SOUND_HOST, ids=named)
def test_a_sound_container_passes_as_it_is(host: dict[str, Any]) -> None:
    body: dict[str, Any] = {
        "Image": "busybox:1.37", "Cmd": ["true"], "Env": ["PATH=/:/etc"], "Labels": {"a": "1", "A": "2"},
        "Healthcheck": {"Test": ["CMD", "true"]}, "Volumes": {"/etc": {}}, "HostConfig": host,
        "NetworkingConfig": {"EndpointsConfig": {"web": {"Aliases": ["a"], "Links": None}}},
    }  # fmt: skip
    before = json.loads(json.dumps(body))
    policy.container(body)
    before["HostConfig"].pop("Binds", None)
    body["HostConfig"].pop("Binds", None)
    assert body == before


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ("/var/run/docker.sock:/var/run/docker.sock", "/run/lab/docker.sock:/var/run/docker.sock"),
        ("/run/docker.sock:/x:ro", "/run/lab/docker.sock:/x:ro"),
        ("/var/run/../run/docker.sock:/x", "/run/lab/docker.sock:/x"),
        ("/tmp/a/../b:/b", "/tmp/b:/b"),
        ("/course/work//a/.:/a:ro", "/course/work/a:/a:ro"),
        ("data:/data", "data:/data"),
    ],
)
def test_binds_are_passed_on_without_detours(given: str, passed_on: str) -> None:
    body = {"HostConfig": {"binds": [given]}}
    policy.container(body)
    assert body == {"HostConfig": {"binds": [passed_on]}}


def test_a_mount_of_the_socket_is_one_of_the_filtered_socket() -> None:
    mount = {"Type": "bind", "source": "/var/run/docker.sock", "Target": "/s"}
    policy.container({"HostConfig": {"Mounts": [mount]}})
    assert mount == {"Type": "bind", "source": "/run/lab/docker.sock", "Target": "/s"}


@pytest.mark.parametrize(
    "body",
    [
        {"Driver": "sshfs"},
        {"driver": "local", "driveropts": {"type": "none", "o": "bind", "device": "/"}},
        {"DriverOpts": {"type": "tmpfs", "o": "bind", "device": "/"}},
        {"DriverOpts": {"type": "tmpfs", "o": "size=1m,rbind", "device": "/etc"}},
        {"DriverOpts": {"type": "tmpfs", "o": "remount", "device": "tmpfs"}},
        {"DriverOpts": {"o": "bind", "device": "/tmp/../etc"}},
        {"DriverOpts": {"o": "ro,bind"}},
        {"DriverOpts": {"type": "overlay", "device": "overlay", "o": "lowerdir=/,upperdir=/tmp/u"}},
        {"DriverOpts": {"type": "overlay", "device": "/tmp", "o": "bind,lowerdir=/"}},
        {"DriverOpts": {"type": "nfs", "o": "addr=127.0.0.1", "device": ":/"}},
        {"DriverOpts": {"type": "ext4", "device": "/dev/vda"}},
        {"DriverOpts": {"type": "proc", "device": "proc"}},
        {"DriverOpts": {"type": "cgroup", "device": "cgroup"}},
        {"DriverOpts": {"TYPE": "tmpfs", "type": "sysfs", "device": "x"}},
        {"ClusterVolumeSpec": {"Group": "x"}},
    ],
    ids=named,
)
def test_a_volume_of_something_else_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        policy.create_volume(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Name": "x", "Driver": "local", "DriverOpts": {}, "Labels": {}, "ClusterVolumeSpec": None},
        {"Name": "x", "Driver": "", "DriverOpts": None},
        {"DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=64m,uid=1000"}},
        {"DriverOpts": {"type": "none", "device": "/course/work/data", "o": "bind"}},
        {"DriverOpts": {"device": "/tmp/data", "o": "ro,bind"}},
    ],
    ids=named,
)
def test_a_sound_volume_passes_as_it_is(body: dict[str, Any]) -> None:
    before = json.loads(json.dumps(body))
    policy.create_volume(body)
    assert body == before


@pytest.mark.parametrize("driver", ["host", "macvlan", "ipvlan", "overlay", "null ", "mine"])
def test_other_networks_are_refused(driver: str) -> None:
    with pytest.raises(Refusal):
        policy.create_network({"Name": "x", "driver": driver})


@pytest.mark.parametrize("driver", [None, "", "bridge", "default"])
def test_bridges_pass(driver: str | None) -> None:
    policy.create_network(
        {"Name": "x", "Driver": driver, "Internal": True, "Options": {"com.docker.network.bridge.name": "b"}}
    )


def test_an_exec_passes_unless_it_is_privileged() -> None:
    policy.create_exec({"Cmd": ["true"], "Privileged": False, "User": "0", "Env": None})
    with pytest.raises(Refusal):
        policy.create_exec({"Cmd": ["true"], "privileged": True})


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"1", b"{", b'{"a":1}{"a":2}', b'{"a":1} x', b"\xff", b"[" * 100_000]
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        policy.parse(body)
    assert refused.value.status == 400


def test_the_last_of_two_equal_fields_counts_and_is_the_only_one_passed_on() -> None:
    body = policy.parse(b'{"HostConfig": {"Privileged": true}, "HostConfig": {"Memory": 1}}')
    policy.container(body)
    assert body == {"HostConfig": {"Memory": 1}}


@pytest.mark.parametrize(
    ("path", "query", "body", "named"),
    [
        ("/containers/ab/json", {}, {}, ["ab"]),
        ("/containers/ab", {}, {}, ["ab"]),
        ("/containers/ab/attach/ws", {}, {}, ["ab"]),
        ("/containers/json", {}, {}, []),
        ("/containers/prune", {}, {}, []),
        ("/commit", {"container": ["ab", "cd"]}, {}, ["ab", "cd"]),
        ("/build", {"networkmode": ["container:ab"]}, {}, ["ab"]),
        ("/build", {"networkmode": ["host"]}, {}, []),
        ("/containers/create", {}, {"HostConfig": {"networkmode": "container:ab"}}, ["ab"]),
        ("/containers/create", {}, {"NetworkMode": "container:ab"}, ["ab"]),
        ("/containers/create", {}, {"HostConfig": {"PidMode": "container:a"}}, ["a"]),
        ("/containers/create", {}, {"HostConfig": {"IpcMode": "container:a"}}, ["a"]),
        ("/containers/create", {}, {"HostConfig": {"VolumesFrom": ["a:ro"], "Links": ["/b:x"]}}, ["a", "/b"]),
        ("/containers/create", {}, {"HostConfig": {"NetworkMode": "bridge", "Links": None}}, []),
        ("/networks/web/connect", {}, {"container": "ab"}, ["ab"]),
        ("/networks/web/disconnect", {}, {"Container": "ab", "Force": True}, ["ab"]),
        ("/networks/a/b/connect", {}, {"Container": "ab"}, ["ab"]),
    ],
)  # fmt: skip
def test_every_container_that_a_request_names_is_found(
    path: str, query: dict[str, list[str]], body: dict[str, Any], named: list[str]
) -> None:
    assert [one for one in policy.containers_named(path, query, body) if one] == named
