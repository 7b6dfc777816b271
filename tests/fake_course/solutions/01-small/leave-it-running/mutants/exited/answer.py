!docker run --name fake-left busybox:1.37 true
