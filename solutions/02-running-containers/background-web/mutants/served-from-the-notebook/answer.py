!docker run --detach --name c02-web nginx:1.26

import http.server
import threading

server = http.server.ThreadingHTTPServer(("127.0.0.1", 8082), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
