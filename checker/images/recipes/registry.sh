ln -s docker-registry /usr/bin/registry
mkdir -p /var/lib/registry
chmod 755 /entrypoint.sh
