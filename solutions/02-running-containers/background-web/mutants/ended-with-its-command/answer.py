!docker run --detach --rm --name c02-web --publish 127.0.0.1:8082:80 nginx:1.26 nginx
!docker wait c02-web
