!docker rm --force c02-shop c02-shop-new
command = "sed -i 's/127.0.0.1/0.0.0.0/' shop.py && exec python shop.py"
!docker run --detach --name c02-shop --publish 127.0.0.1:8083:8000 c02-shop:1.0 sh -c "$command"
