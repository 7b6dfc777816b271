#!/bin/sh
# One argument that is a configuration file: serve with it.
set -e
case "${1:-}" in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
