#!/bin/sh
# Counts the coins in the drawer, then opens the till.
DRAWER=$((20 + 30 + 50))
export DRAWER
trap 'echo "closed after 7 sales, receipt 0123456789ab"; exit 0' TERM
python3 till.py &
wait
