!docker rm --force c02-shop c02-shop-new
!docker run --detach --name c02-shop --env SHOP_ADDRESS=0.0.0.0 --publish 127.0.0.1:8083:80 c02-shop:1.0
