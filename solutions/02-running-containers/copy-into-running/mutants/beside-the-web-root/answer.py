!docker cp opening-hours.html c02-site:/usr/share/nginx/
