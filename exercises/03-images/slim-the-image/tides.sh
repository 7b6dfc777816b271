# tides.sh fetch | build | show: tide tables for the stations in stations.txt
set -e
case "$1" in
fetch) # stands for a download of raw measurements, 6 MB
    mkdir -p raw
    head -c 6000000 /dev/urandom > raw/measurements
    ;;
build) # curves and a table, from the raw measurements
    mkdir -p data
    head -c 1500000 raw/measurements > data/curves
    while read -r station; do
        echo "high water at $station: $(printf %s "$station" | wc -c):30"
    done < stations.txt > data/table
    ;;
show)
    cat data/table
    echo "curves: $(wc -c < data/curves) bytes"
    ;;
esac
