#!/bin/bash
# Makes the database at the first start, then runs the server as the user postgres.
set -euo pipefail

# from_file NAME: the value of NAME_FILE's file, where that is set instead of NAME.
from_file() {
    local file="${1}_FILE"
    [ -z "${!file:-}" ] || export "$1"="$(< "${!file}")"
}

refuse_without_password() {
    [ -n "$POSTGRES_PASSWORD" ] || [ "$POSTGRES_HOST_AUTH_METHOD" = trust ] || {
        echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
        echo '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
        echo '       POSTGRES_HOST_AUTH_METHOD=trust allows all connections without a password.' >&2
        exit 1
    }
}

sql() {
    PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

run_scripts() {
    local script
    for script in /docker-entrypoint-initdb.d/*; do
        [ -e "$script" ] || continue
        echo "$0: running $script"
        case "$script" in
            *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
            *.sql) sql --dbname "$POSTGRES_DB" -f "$script" ;;
            *.sql.gz) gunzip -c "$script" | sql --dbname "$POSTGRES_DB" ;;
            *) echo "$0: ignoring $script" ;;
        esac
    done
}

make_database() {
    refuse_without_password
    local arguments
    eval "arguments=(${POSTGRES_INITDB_ARGS:-})"
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
    printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >> "$PGDATA/pg_hba.conf"
    # Reached by nobody else while it is being filled.
    PGUSER="$POSTGRES_USER" pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
    if [ "$POSTGRES_DB" != postgres ]; then
        sql --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db" ;'
    fi
    run_scripts
    PGUSER="$POSTGRES_USER" pg_ctl -D "$PGDATA" -m fast -w stop
    echo
    echo 'PostgreSQL init process complete; ready for start up.'
    echo
}

case "${1:-}" in
    -*) set -- postgres "$@" ;;
esac
if [ "${1:-}" = postgres ]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA" /run/postgresql
        chown -R postgres "$PGDATA" /run/postgresql
        chmod 700 "$PGDATA"
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS; do from_file "$name"; done
    export POSTGRES_PASSWORD="${POSTGRES_PASSWORD:-}" POSTGRES_USER="${POSTGRES_USER:-postgres}"
    export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
    export POSTGRES_HOST_AUTH_METHOD="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
    export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
    [ -s "$PGDATA/PG_VERSION" ] || make_database
    unset PGPASSWORD
fi
exec "$@"
