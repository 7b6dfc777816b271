!docker stop c02-site
!docker cp opening-hours.html c02-site:/usr/share/nginx/html/
