!docker run --detach --name c02-web --publish 8082:80 nginx:1.26
