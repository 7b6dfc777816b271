#!/bin/sh
# Adds a line to /data/visits.txt, says how many there are, and waits.
trap 'exit 0' TERM
if echo "visit of ${VISITOR:-somebody}" >>/data/visits.txt; then
    echo "visits: $(wc -l </data/visits.txt)"
    tail -n 3 /data/visits.txt
else
    echo "visits: cannot write /data/visits.txt"
fi
echo "waiting"
while :; do
    sleep 1 &
    wait $!
done
