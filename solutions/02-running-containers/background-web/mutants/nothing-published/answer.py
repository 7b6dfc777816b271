!docker run --detach --name c02-web nginx:1.26
