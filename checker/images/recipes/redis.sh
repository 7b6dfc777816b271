groupmod --gid 999 redis
usermod --uid 999 redis
rm -rf /etc/redis /var/lib/redis /var/log/redis
mkdir /data
chown redis:redis /data
chmod 755 /usr/local/bin/docker-entrypoint.sh
