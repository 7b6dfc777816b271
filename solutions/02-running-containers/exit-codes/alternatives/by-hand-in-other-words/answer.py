import docker
from checker import submit

client = docker.from_env()
submit(finished="?", not_found="?", killed="?", out_of_memory="?", stopped="?")

cases = [client.containers.get(f"c02-case-{n}") for n in range(1, 6)]
by_code = {case.wait()["StatusCode"]: case for case in cases}
talks = next(case for case in cases if b"not found" in case.logs(stdout=False))
tight = next(case for case in cases if case.attrs["State"]["OOMKilled"])
other = next(case for case in cases if case.wait()["StatusCode"] == 137 and case != tight)

submit(
    finished=" " + by_code[0].name.upper() + "\n",
    not_found="case " + talks.name[-1],
    killed=other.attrs["Name"],
    out_of_memory=tight.short_id,
    stopped=float(by_code[143].name[-1]),
)
