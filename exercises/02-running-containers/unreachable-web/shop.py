"""The shop: answers on one address and one port, and prints each order that it takes.

SHOP_ADDRESS and SHOP_PORT say where it listens; --address and --port on the command line say it, too.
"""

import argparse
import http.server
import os
import signal
import sys
import urllib.parse


class Shop(http.server.BaseHTTPRequestHandler):
    """`/` greets; `/order/<what>` takes an order."""

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/":
            self.answer(200, "Welcome to the shop. Order at /order/<what>.")
        elif path.startswith("/order/") and (what := path.removeprefix("/order/")).isalnum():
            print(f"order: {what}", flush=True)
            self.answer(200, f"Thank you. Your order is {what}.")
        else:
            self.answer(404, "The shop has no such page.")

    def answer(self, status, text):
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing of requests: orders are enough."""


parser = argparse.ArgumentParser()
parser.add_argument("--address", default=os.environ.get("SHOP_ADDRESS", "127.0.0.1"))
parser.add_argument("--port", type=int, default=os.environ.get("SHOP_PORT", "8000"))
chosen = parser.parse_args()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with http.server.ThreadingHTTPServer((chosen.address, chosen.port), Shop) as server:
    print(f"shop: listening on {chosen.address}:{chosen.port}", flush=True)
    server.serve_forever()
