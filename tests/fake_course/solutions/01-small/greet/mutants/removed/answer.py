!docker run --rm --name fake-greet busybox:1.37 echo hello $(cat name.txt)
