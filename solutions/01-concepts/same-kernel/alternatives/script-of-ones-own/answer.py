import os
from pathlib import Path
from checker import submit
Path("ask.sh").write_text("#!/bin/sh\necho I am $(hostname)\nuname -r\n")
here = os.getcwd()
!docker run -v "$here:/work:ro" --name c01-kernel-debian debian:trixie-slim sh /work/ask.sh
!docker run -v "$here/ask.sh:/ask.sh" --name c01-kernel-busybox busybox:1.37 sh /ask.sh
release = !docker version --format "{{{{.Server.KernelVersion}}}}"
submit(engine=release, kernels="one kernel for all three")
