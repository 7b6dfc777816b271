!docker run -dq --read-only --tmpfs /run --tmpfs /var/cache/nginx --tmpfs /var/lib/nginx -p 127.0.0.1:8082:80 --name c02-web nginx:1.26
