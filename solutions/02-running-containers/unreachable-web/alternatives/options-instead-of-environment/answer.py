!docker stop --time 2 c02-shop-new
!docker container rm c02-shop c02-shop-new
!docker create --name c02-shop -p 127.0.0.1:8083:80 --restart on-failure:3 c02-shop:1.0 python shop.py --address "" --port 80
!docker start c02-shop
