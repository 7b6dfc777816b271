#!/bin/sh
# What is no command is an argument of node: `docker run node app.js`, `docker run node --version`.
set -e
case "${1:-}" in
    -*) set -- node "$@" ;;
    *) command -v "${1:-}" > /dev/null || set -- node "$@" ;;
esac
exec "$@"
