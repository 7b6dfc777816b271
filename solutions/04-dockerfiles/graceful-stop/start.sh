#!/bin/sh
# Counts the coins in the drawer, then opens the till.
DRAWER=$((20 + 30 + 50))
export DRAWER
# The till takes the place of this shell, and becomes the first process of the container.
exec python3 till.py
