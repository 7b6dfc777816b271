!docker rm --force c02-shop c02-shop-new

!docker run -d --name c02-shop --network host c02-shop:1.0 python shop.py --port 8083
