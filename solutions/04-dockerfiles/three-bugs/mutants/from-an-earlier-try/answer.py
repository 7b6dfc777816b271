# The hall gets what was built before the last mistake was mended.
earlier = open("Dockerfile").read().replace("WORKDIR /notice\n", "")
open("earlier.Dockerfile", "w").write(earlier)
!docker image build -t c04-pool/notice:1.1 -f earlier.Dockerfile .
!rm earlier.Dockerfile
!docker rm --force c04-notice
!docker run -d --name c04-notice -p 127.0.0.1:8144:8080 c04-pool/notice:1.1 "Sauna closed"
