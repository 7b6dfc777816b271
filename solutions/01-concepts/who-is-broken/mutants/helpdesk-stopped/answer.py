import docker

from checker import submit

helpdesk = docker.from_env().containers.get("c01-helpdesk")
faults = {"Is the docker daemon running": "engine_down", "permission denied": "no_permission", "context not found": "wrong_context"}
found, errors = {}, {}
for number in (1, 2, 3):
    error = helpdesk.exec_run([f"desk-{number}", "docker", "ps"]).output.decode()
    for phrase, fault in faults.items():
        if phrase in error:
            found[fault] = f"desk-{number}"
            errors[fault] = error
submit(**found)
helpdesk.stop(timeout=1)
