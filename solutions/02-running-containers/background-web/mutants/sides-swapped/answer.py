!docker run --detach --name c02-web --publish 127.0.0.1:80:8082 nginx:1.26
