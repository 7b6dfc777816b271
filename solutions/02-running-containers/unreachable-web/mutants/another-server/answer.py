!docker rm --force c02-shop c02-shop-new

!docker run -d --init --name c02-shop -p 127.0.0.1:8083:8000 c02-shop:1.0 python -m http.server 8000
