!docker cp c02-site:/usr/share/nginx/html/opening-hours.html .
