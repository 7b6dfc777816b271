!docker image build -t c04-canteen/menu .
!docker image rm c04-canteen/menu
