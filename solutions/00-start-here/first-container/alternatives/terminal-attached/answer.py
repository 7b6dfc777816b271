ticket = open("ticket.txt").read().strip()
!docker create --tty --rm=false --name c00-proof busybox:1.37 echo ready: $ticket
!docker start c00-proof
