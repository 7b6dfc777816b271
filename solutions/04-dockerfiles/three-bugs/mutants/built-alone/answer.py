!docker image build -t c04-pool/notice:1.1 .
