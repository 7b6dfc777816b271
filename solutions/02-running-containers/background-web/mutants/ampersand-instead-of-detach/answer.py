import subprocess
import time

run = ["docker", "run", "--name", "c02-web", "--publish", "127.0.0.1:8082:80", "nginx:1.26"]
subprocess.Popen(run)
running = ["docker", "container", "inspect", "--format", "{{.State.Running}}", "c02-web"]
while b"true" not in subprocess.run(running, capture_output=True).stdout:
    time.sleep(0.1)
