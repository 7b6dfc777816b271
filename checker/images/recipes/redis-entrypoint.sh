#!/bin/sh
# `docker run redis --appendonly yes` and `docker run redis my.conf` start the server with these arguments.
set -e
case "${1:-}" in
    -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi

# A container is reached through its network: without this, only its own loopback would be served.
if [ "${1:-}" = redis-server ]; then
    case " $* " in
        *" --protected-mode "*) ;;
        *) if ! { [ -f "${2:-}" ] && grep -q '^protected-mode' "$2"; }; then set -- "$@" --protected-mode no; fi ;;
    esac
fi
exec "$@"
