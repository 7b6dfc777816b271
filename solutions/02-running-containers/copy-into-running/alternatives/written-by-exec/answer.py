# The page arrives on the standard input of a command inside, next to the old page, and then takes its place.
!docker exec --interactive c02-site sh -c 'cd /usr/share/nginx/html && cat > new.html && mv new.html opening-hours.html' < opening-hours.html
!docker exec c02-site nginx -s reload
