!docker image build -t c04-pool/notice:1.1 .
!docker rm --force c04-notice
!docker run -d --name c04-notice -p 127.0.0.1:8144:8080 c04-pool/notice:1.1
