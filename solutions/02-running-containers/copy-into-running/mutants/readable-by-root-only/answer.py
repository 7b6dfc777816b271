!chmod 600 opening-hours.html
!docker cp opening-hours.html c02-site:/usr/share/nginx/html/
