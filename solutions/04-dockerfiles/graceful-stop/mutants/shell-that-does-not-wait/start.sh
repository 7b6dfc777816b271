#!/bin/sh
# Counts the coins in the drawer, then opens the till.
DRAWER=$((20 + 30 + 50))
export DRAWER
python3 till.py &
till=$!
trap 'kill -INT "$till"; exit 0' TERM
wait "$till"
