#!/bin/sh
# Runs what lies in /docker-entrypoint.d before nginx starts. NGINX_ENTRYPOINT_QUIET_LOGS=1 says nothing about it.
set -e

say() {
    [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"
}

if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
    for step in /docker-entrypoint.d/*; do
        case "$step" in
            *.envsh) say "Sourcing $step"; . "$step" ;;
            *.sh) if [ -x "$step" ]; then say "Launching $step"; "$step"; else say "Ignoring $step, not executable"; fi ;;
            *) say "Ignoring $step" ;;
        esac
    done
    say "Configuration complete; ready for start up"
fi
exec "$@"
