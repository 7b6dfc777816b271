desk, code = (line.split(": ")[1] for line in open("handover.txt").read().splitlines())
!docker run -dit --name c02-shell busybox:1.37 sh -c "mkdir {desk}; cd {desk}; exec sh"
!docker run -dit --name c02-second busybox:1.37 sh -c "exit"
