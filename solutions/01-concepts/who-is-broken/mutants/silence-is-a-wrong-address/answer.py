import docker

from checker import submit

helpdesk = docker.from_env().containers.get("c01-helpdesk")

faults = {
    "Is the docker daemon running": "engine_down",
    "permission denied": "no_permission",
    "context not found": "wrong_context",
}
found = {}
for number in (1, 2, 3):
    error = helpdesk.exec_run([f"desk-{number}", "docker", "ps"]).output.decode()
    print(f"desk-{number}: {error}")
    found |= {fault: f"desk-{number}" for phrase, fault in faults.items() if phrase in error}

submit(**found | {"wrong_context": found["engine_down"]})
