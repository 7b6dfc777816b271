import docker

client = docker.from_env()
desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())


def typed(name, line):
    """Start a shell, type one line into its terminal, and hang up."""
    shell = client.containers.create("busybox:1.37", "sh", name=name, tty=True, stdin_open=True)
    socket = shell.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    shell.start()
    socket._sock.sendall(f"{line}\n".encode())
    return shell, socket


shell, socket = typed("c02-shell", f"mkdir {desk}; cd {desk}")
typed("c02-second", f"exit {code}")[0].wait()
