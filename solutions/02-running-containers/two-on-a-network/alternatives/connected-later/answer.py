!docker run -d --name c02-api nginx:1.26 nginx -g "daemon off;"
!docker run -dit --name c02-client --stop-signal KILL busybox:1.37
!docker network create --internal --label team=prices c02-net
!docker network connect c02-net c02-client
!docker network connect --alias prices c02-net c02-api
