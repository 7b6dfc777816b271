desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())
!docker run -dit --workdir /{desk} --name c02-shell busybox:1.37 sh
!docker run --tty --interactive --detach --name c02-second busybox:1.37 sh -c "exit {code}"
