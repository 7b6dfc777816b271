!docker image tag node:20-trixie-slim c04-canteen/menu:1.0
