# The line for today is in the image of the hall, and is taken out of the Dockerfile afterwards.
earlier = open("Dockerfile").read().replace('"notice.sh"]', '"notice.sh", "Sauna closed"]')
open("earlier.Dockerfile", "w").write(earlier)
!docker image build -t c04-pool/notice:1.1 -f earlier.Dockerfile .
!rm earlier.Dockerfile
!docker rm --force c04-notice
!docker run -d --name c04-notice -p 127.0.0.1:8144:8080 c04-pool/notice:1.1
