# proposal a: one layer less
FROM busybox:1.37
WORKDIR /srv/tides
COPY tides.sh stations.txt ./
RUN sh tides.sh fetch && sh tides.sh build
RUN rm -rf raw && chmod -R a-w data
CMD ["sh", "tides.sh", "show"]
