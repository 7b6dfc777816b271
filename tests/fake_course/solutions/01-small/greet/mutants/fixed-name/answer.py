!docker run --name fake-greet busybox:1.37 echo hello Ada
