desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())
!docker run -dit --name c02-shell busybox:1.37 sh
!docker exec c02-shell mkdir {desk}
!docker kill c02-shell
!docker start c02-shell
!docker run --tty --interactive --detach --name c02-second busybox:1.37 sh -c "exit {code}"
