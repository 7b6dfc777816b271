command = "sed -i 's/listen  *80;/listen 8080;/' /etc/nginx/conf.d/default.conf && exec nginx -g 'daemon off;'"
!docker container create --tty --name=c02-web -p 127.0.0.1:8082:8080/tcp --stop-signal=KILL nginx:1.26 sh -c "$command"
!docker container start c02-web
