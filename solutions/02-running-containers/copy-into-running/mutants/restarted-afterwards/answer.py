!docker cp opening-hours.html c02-site:/usr/share/nginx/html/
!docker restart c02-site
