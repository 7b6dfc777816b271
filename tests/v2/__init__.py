"""A machine with cgroup v2 and AppArmor, for tests of the sandbox: see :mod:`tests.v2.guest`."""
