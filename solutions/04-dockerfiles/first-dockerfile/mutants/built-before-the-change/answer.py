# The image is built from an earlier Dockerfile, which is changed afterwards: all files are the same.
earlier = open("Dockerfile").read().replace("8080", "80")
open("earlier.Dockerfile", "w").write(earlier)
!docker image build -t c04-canteen/menu:1.0 -f earlier.Dockerfile .
!rm earlier.Dockerfile
