# proposal c: removed as soon as it is not needed
FROM busybox:1.37
WORKDIR /srv/tides
COPY tides.sh stations.txt ./
RUN sh tides.sh fetch
RUN sh tides.sh build && rm -rf raw && chmod -R a-w data
CMD ["sh", "tides.sh", "show"]
