!docker stop c02-notebook
!docker run -d --name c02-notebook -v c02-data:/usr/share/nginx/html nginx:1.26
