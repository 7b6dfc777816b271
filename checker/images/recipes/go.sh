ln -s /usr/lib/go-1.24 /usr/local/go
mkdir -p -m 1777 /go /go/src /go/bin
