!docker run --name c00-proof busybox:1.37 echo "ready: OPS-1234"
