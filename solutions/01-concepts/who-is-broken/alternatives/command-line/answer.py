from checker import submit

for number in (1, 2, 3):
    lines = !docker exec c01-helpdesk desk-$number docker ps 2>&1
    text = " ".join(lines)
    if "denied" in text:
        submit(no_permission=number)
    elif "context" in text:
        submit(wrong_context=[f"Desk {number}"])
    else:
        submit(engine_down=str(number) + " ")
