from checker import submit

!docker run --name c01-kernel-debian debian:trixie-slim uname -a
!docker run -d --network none --name c01-kernel-busybox busybox:1.37 cat /proc/version
kernel = !docker info --format "{{{{.KernelVersion}}}}"
submit(engine=kernel)
submit(kernels="one")
