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


run("rates")
!docker run --rm --detach --restart on-failure:$retries --name c02-prices --volume c02-jobs:/jobs busybox:1.37 sh /jobs/fetch prices
