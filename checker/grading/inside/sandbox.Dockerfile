# An engine for one submission: the tools' image, and the first process of a sandbox.
ARG TOOLS
FROM $TOOLS
COPY . /opt/sandbox
ENTRYPOINT ["/usr/bin/python3", "-I", "-S", "/opt/sandbox/init.py"]
