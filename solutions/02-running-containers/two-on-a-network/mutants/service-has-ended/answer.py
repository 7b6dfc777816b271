!docker network create c02-net
!docker run --detach --name c02-api --network c02-net nginx:1.26 nginx
!docker wait c02-api
!docker run --detach --init --name c02-client --network c02-net busybox:1.37 sleep 3600
