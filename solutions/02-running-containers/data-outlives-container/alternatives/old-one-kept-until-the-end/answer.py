!docker volume create c02-data
!docker rename c02-notebook c02-notebook-old
!docker create --name c02-notebook --init --mount source=c02-data,target=/usr/share/nginx,volume-nocopy --publish 127.0.0.1::80 nginx:1.26
!docker cp c02-notebook-old:/usr/share/nginx/html - | docker cp - c02-notebook:/usr/share/nginx
!docker start c02-notebook
!docker rm --force c02-notebook-old
