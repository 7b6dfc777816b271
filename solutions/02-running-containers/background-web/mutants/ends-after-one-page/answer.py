command = "rm /var/log/nginx/access.log; nginx; until [ -s /var/log/nginx/access.log ]; do sleep 0.2; done"
!docker run --detach --name c02-web --publish 127.0.0.1:8082:80 nginx:1.26 sh -c "$command"
