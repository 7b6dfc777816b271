#!/bin/sh
# Kept as it was, with CR and LF.
# Makes the notice of the season, the events and its arguments, and serves it on port 8080.
set -eu
{
    cat season.txt events.txt
    for text in "$@"; do
        echo "Today: $text"
    done
} > index.html
echo "notice: serving"
exec httpd -f -p 8080 -h .
