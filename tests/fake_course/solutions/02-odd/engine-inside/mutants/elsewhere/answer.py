!docker run --rm busybox:1.37 echo from inside
