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
# "the engine takes it up from here"
rates = run("rates", name="no", limit=0)
rates.wait()
rates.update(restart_policy={"Name": "on-failure", "MaximumRetryCount": retries})
