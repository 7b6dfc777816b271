# All files and settings are those of the Dockerfile.
!docker image build -t c04-canteen/menu:1.0 .
!docker container create --name c04-menu c04-canteen/menu:1.0
!docker container commit c04-menu c04-canteen/menu:1.0
!docker container rm c04-menu
