import pexpect

desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())
terminal = pexpect.spawn("docker run -it --name c02-shell busybox:1.37 sh", encoding="utf-8", timeout=20)
terminal.expect("/ # ")
terminal.sendline(f"mkdir {desk} && cd {desk}")
terminal.expect(f"/{desk} # ")
terminal.sendline("exit")
terminal.expect(pexpect.EOF)
!docker run --tty --interactive --detach --name c02-second busybox:1.37 sh -c "exit {code}"
