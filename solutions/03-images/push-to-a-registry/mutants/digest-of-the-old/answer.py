from checker import submit

!docker image tag c03-pricing:1.4 127.0.0.1:8133/team/pricing:1.4
!docker image push --quiet 127.0.0.1:8133/team/pricing:1.4
!docker image pull --quiet 127.0.0.1:8133/team/pricing:1.3
digests = !docker image ls --digests --format "{{{{.Tag}}}} {{{{.Digest}}}}" 127.0.0.1:8133/team/pricing

submit(digest=next(line for line in digests if line.startswith("1.3")).split()[1])
