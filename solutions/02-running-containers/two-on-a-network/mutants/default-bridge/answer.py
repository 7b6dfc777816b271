!docker network create c02-net
!docker run --detach --name c02-api nginx:1.26
!docker run --detach --init --name c02-client busybox:1.37 sleep 3600
