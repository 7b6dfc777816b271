from checker import submit

!docker run --name c01-kernel-debian debian:trixie-slim sh -c 'echo "debian-$(uname -r)"'
!docker run -d --network none --name c01-kernel-busybox busybox:1.37 cat /proc/version
kernel = !docker info | grep -i kernel; docker info --format "Linux {{{{.KernelVersion}}}}."
submit(engine=kernel)
submit(kernels="Only one (1)")
