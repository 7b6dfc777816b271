import docker
from checker import submit

helpdesk = docker.from_env().containers.get("c01-helpdesk")


def at(desk, *command, **options):
    return helpdesk.exec_run([desk, *command], **options).output.decode()


desks = ["desk-1", "desk-2", "desk-3"]
wrong = next(desk for desk in desks if "branch" in at(desk, "docker", "context", "ls"))
others = [desk for desk in desks if desk != wrong]
# Root may: where it works for root, the engine is well.
refused = next(desk for desk in others if "CONTAINER" in at(desk, "docker", "ps", user="root"))
others.remove(refused)
submit(engine_down=others, no_permission=refused, wrong_context=wrong.replace("-", " "))
