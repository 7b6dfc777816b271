# Another name first, then the hall.
!docker buildx build --load --network none -t c04-pool/notice:1.1 .
!docker stop --time 1 c04-notice
!docker container rename c04-notice c04-notice-old
!docker run --detach --name c04-notice --publish 127.0.0.1:8144:8080 --init c04-pool/notice:1.1 "Sauna closed"
!docker rm c04-notice-old
