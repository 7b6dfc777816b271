!docker image build -t c04-pool/notice:1.1 -t c04-pool/notice:1.0 .
!docker stop --time 1 c04-notice
!docker start c04-notice
