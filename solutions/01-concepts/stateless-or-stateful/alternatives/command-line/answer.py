from checker import submit

!docker exec c01-kiosk cat /memory/order.txt /layer/order.txt /data/order.txt
!docker restart --time 1 c01-kiosk
kept = !docker exec c01-kiosk cat /memory/order.txt /layer/order.txt /data/order.txt
submit(after_restart=kept)
!docker stop c01-kiosk && docker rm c01-kiosk
!docker run -d --init --name c01-kiosk --tmpfs /memory --mount type=volume,src=c01-kiosk-data,dst=/data --hostname kiosk c01-kiosk:1.0
kept = !docker exec c01-kiosk sh -c "cat /*/order.txt 2>/dev/null"
submit(after_replacement=kept)
