import pexpect

desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())


def shell(name):
    """Start a shell in a container, as in a terminal."""
    return pexpect.spawn(f"docker run -it --name {name} busybox:1.37 sh", encoding="utf-8", timeout=20)


first, second = shell("c02-shell"), shell("c02-second")

first.expect("/ # ")
first.sendline(f"mkdir {desk} && cd {desk}")
first.expect(f"/{desk} # ")
first.send("\x10\x11")  # Ctrl-P Ctrl-Q
first.expect(pexpect.EOF)

second.expect("/ # ")
second.sendline(f"exit {code}")
second.expect(pexpect.EOF)
