ticket = open("ticket.txt").read().strip()
!docker run --name c00-proof busybox:1.37 echo "ready: $ticket"
