groupadd --gid 1000 node
useradd --uid 1000 --gid node --shell /bin/bash --create-home node
for command in node npm npx; do ln -s "/usr/bin/$command" "/usr/local/bin/$command"; done
ln -s node /usr/local/bin/nodejs
chmod 755 /usr/local/bin/docker-entrypoint.sh
