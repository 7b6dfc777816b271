!docker run -dit --name fake-left busybox:1.37 sh
