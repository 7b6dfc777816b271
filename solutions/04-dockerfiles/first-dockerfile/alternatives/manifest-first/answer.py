# What the command line writes into the folder is no part of the app.
!docker image build --iidfile image.id -t c04-canteen/menu:1.0 .
!cat image.id
