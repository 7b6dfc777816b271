import pexpect

desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())

# Made in the background, with the restart policy and the init process of somebody careful.
!docker run -dit --init --restart unless-stopped --name c02-shell busybox:1.37
terminal = pexpect.spawn(
    "docker attach --detach-keys ctrl-x,d c02-shell", encoding="utf-8", timeout=20
)
terminal.sendline("sh")  # a shell in the shell
terminal.sendline(f"mkdir -p /srv/{desk}; cd /srv/{desk}")
terminal.expect(f"/srv/{desk} # ")
terminal.send("\x18d")
terminal.expect(pexpect.EOF)

!docker create -it --name c02-second busybox:1.37 sh
second = pexpect.spawn("docker start --attach --interactive c02-second", encoding="utf-8", timeout=20)
second.sendline(f"exit {code}")
second.expect(pexpect.EOF)
