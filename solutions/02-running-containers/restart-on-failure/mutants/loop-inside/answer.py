import docker

client = docker.from_env()
retries = int(open("retries.txt").read())


def run(job, command=None, name="on-failure", limit=retries):
    policy = {"Name": name, "MaximumRetryCount": limit} if limit else {"Name": name}
    return client.containers.run(
        "busybox:1.37",
        command or ["sh", "/jobs/fetch", job],
        name=f"c02-{job}",
        volumes={"c02-jobs": {"bind": "/jobs", "mode": "ro"}},
        restart_policy=policy,
        detach=True,
    )


run("prices")
loop = f"for n in $(seq {retries + 1}); do sh /jobs/fetch rates && exit 0; sleep 0.1; done; exit 75"
run("rates", ["sh", "-c", loop], name="no", limit=0)
