#!/bin/sh
# Counts the coins in the drawer, then opens the till.
DRAWER=$((20 + 30 + 50))
export DRAWER
python3 till.py &
till=$!
trap 'kill -INT "$till"' TERM INT
wait "$till"   # ends early when the signal comes
trap - TERM INT
wait "$till"   # the till's own exit code
