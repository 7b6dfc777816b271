!docker cp c02-notebook:/usr/share/nginx/html/. notes
!docker rm --force c02-notebook
!docker run -d --name c02-notebook -v ./notes:/usr/share/nginx/html nginx:1.26
