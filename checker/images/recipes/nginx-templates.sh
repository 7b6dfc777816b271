#!/bin/sh
# Fills ${VARIABLES} of the environment into /etc/nginx/templates/*.template, giving /etc/nginx/conf.d/*.
set -e
from="${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}"
to="${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"
suffix="${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}"
[ -d "$from" ] || exit 0
defined=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
find "$from" -follow -type f -name "*$suffix" | while read -r template; do
    target="$to/${template#"$from"/}"
    target="${target%"$suffix"}"
    mkdir -p "$(dirname "$target")"
    envsubst "$defined" < "$template" > "$target"
done
