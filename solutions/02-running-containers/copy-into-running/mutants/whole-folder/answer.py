!docker cp . c02-site:/usr/share/nginx/html/
