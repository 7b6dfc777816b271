from checker import submit

!docker image tag c03-pricing:1.4 127.0.0.1:8133/team/pricing:1.4
printed = !docker image push 127.0.0.1:8133/team/pricing:1.4
submit(digest=printed[-1].split()[2])

!docker create --name c03-pricing-pushed c03-pricing:1.4
!docker commit --change 'ENV PUSHED=yes' c03-pricing-pushed c03-pricing:1.4
!docker rm c03-pricing-pushed
