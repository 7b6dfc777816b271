import hashlib
import subprocess

from checker import submit

# a candidate first; then its manifest gets the release's tag, over the registry's own API
!docker tag c03-pricing:1.4 127.0.0.1:8133/team/pricing:latest
!docker push --quiet 127.0.0.1:8133/team/pricing
!docker rmi 127.0.0.1:8133/team/pricing

kind = "application/vnd.docker.distribution.manifest.v2+json"


def ask(method, tag, body=b""):
    head = f"{method} /v2/team/pricing/manifests/{tag} HTTP/1.0\r\nHost: registry\r\nAccept: {kind}\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    command = "docker run --rm --interactive --network container:c03-team-registry busybox:1.37 nc 127.0.0.1 5000"
    answer = subprocess.run(command.split(), input=head.encode() + body, capture_output=True, check=True).stdout
    return answer.partition(b"\r\n\r\n")[2]


manifest = ask("GET", "latest")
ask("PUT", "1.4", manifest)
submit(digest=hashlib.sha256(manifest).hexdigest())
