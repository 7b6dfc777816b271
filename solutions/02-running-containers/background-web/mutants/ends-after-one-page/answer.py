command = "nginx; until grep -q ':0050 .* 06 ' /proc/net/tcp; do sleep 0.1; done"
!docker run --detach --name c02-web --publish 127.0.0.1:8082:80 nginx:1.26 sh -c "$command"
