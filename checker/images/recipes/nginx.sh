groupadd --system --gid 101 nginx 2>/dev/null || groupadd --system nginx
useradd --system --uid 101 --gid nginx --no-create-home --home-dir /nonexistent --shell /bin/false nginx 2>/dev/null ||
    useradd --system --gid nginx --no-create-home --home-dir /nonexistent --shell /bin/false nginx
rm -rf /etc/nginx/sites-available /etc/nginx/sites-enabled /etc/nginx/snippets /etc/nginx/modules-enabled
rm -rf /var/www/html /var/log/nginx/*
mkdir -p /var/cache/nginx /var/log/nginx
ln -sf /dev/stdout /var/log/nginx/access.log
ln -sf /dev/stderr /var/log/nginx/error.log
chmod 755 /docker-entrypoint.sh /docker-entrypoint.d/*.sh
