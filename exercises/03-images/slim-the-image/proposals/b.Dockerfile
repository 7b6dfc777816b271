# proposal b: one command after the other
FROM busybox:1.37
WORKDIR /srv/tides
COPY tides.sh .
COPY stations.txt .
RUN mkdir raw
RUN mkdir data
RUN sh tides.sh fetch && sh tides.sh build && rm -rf raw && chmod -R a-w data
RUN date > built
CMD ["sh", "tides.sh", "show"]
