rm -rf /var/lib/docker
mkdir -p /certs/client /var/lib/docker
chmod 1777 /certs /certs/client
chmod 755 /usr/local/bin/dockerd-entrypoint.sh
