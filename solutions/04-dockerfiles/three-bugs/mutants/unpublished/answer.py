!docker image build -t c04-pool/notice:1.1 .
!docker rm --force c04-notice
!docker run -d --name c04-notice c04-pool/notice:1.1 "Sauna closed"
