ticket = open("ticket.txt").read().strip()
print(f"ready: {ticket}")
