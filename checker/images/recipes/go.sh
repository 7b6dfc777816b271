ln -s /usr/lib/go-1.24 /usr/local/go
mkdir -p -m 1777 /go /go/src /go/bin
# Nobody compiles or tests the compiler here.
rm -rf /usr/share/go-1.24/test /usr/share/go-1.24/src/cmd
find /usr/share/go-1.24/src -depth \( -name testdata -o -name '*_test.go' \) -exec rm -r {} +
