#!/bin/sh
# Counts the coins in the drawer, then opens the till.
DRAWER=$((20 + 30 + 50))
export DRAWER
trap 'exit 0' TERM
python3 till.py &
wait
