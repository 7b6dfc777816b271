queue = open("queue.txt").read().strip()
rows = !docker ps --no-trunc --filter name=c02-worker
(row,) = [row for row in rows if f"--queue={queue}" in row]
short = row.split()[0][:7]
!docker stop $short
!docker rm $short
