!docker network create c02-net
command = "sed -i 's/listen  *80;/listen 8080;/' /etc/nginx/conf.d/default.conf && exec nginx -g 'daemon off;'"
!docker run --detach --name c02-api --network c02-net nginx:1.26 sh -c "$command"
!docker run --detach --init --name c02-client --network c02-net busybox:1.37 sleep 3600
