rm -rf /etc/postgresql/17 /var/lib/postgresql/* /var/log/postgresql/*
groupmod --gid 999 postgres
usermod --uid 999 postgres
mkdir -p /docker-entrypoint-initdb.d /var/lib/postgresql/data /run/postgresql
chown -R postgres:postgres /var/lib/postgresql /run/postgresql /var/log/postgresql
chmod 1777 /var/lib/postgresql/data
chmod 3777 /run/postgresql
# Every address of the container; who may come in is said by pg_hba.conf.
sed -i "s/^#listen_addresses = 'localhost'/listen_addresses = '*'/" /usr/share/postgresql/17/postgresql.conf.sample
chmod 755 /usr/local/bin/docker-entrypoint.sh
