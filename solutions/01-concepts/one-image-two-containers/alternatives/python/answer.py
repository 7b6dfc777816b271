import docker

client = docker.from_env()
for line in open("words.txt"):
    side, word = line.split()
    desk = client.containers.run("busybox:1.37", ["sleep", "36000"], name=f"c01-desk-{side}", detach=True, init=True)
    desk.exec_run(["sh", "-c", f"printf %s {word} > /{side}.txt"])
