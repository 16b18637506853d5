"""A WebSub subscriber of another make, of Python's standard library alone: finds the hub of a feed by its Link headers,
subscribes, answers the challenge, and writes one line of JSON for each thing that happens.

Usage: websub_subscriber.py FEED PORT SECRET [STATUS]    STATUS: what it answers to content (204 where left out)
"""

import hashlib
import hmac
import json
import re
import sys
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

feed, port, secret = sys.argv[1], int(sys.argv[2]), sys.argv[3]
status = int(sys.argv[4]) if len(sys.argv) > 4 else 204
callback = f"http://127.0.0.1:{port}/hook?reader=a%20b"


def say(**event):
    print(json.dumps(event), flush=True)


def links(value):
    return {rel: url for url, rel in re.findall(r'<([^>]*)>;\s*rel="?([^",]*)"?', value or "")}


class Hook(BaseHTTPRequestHandler):
    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        meant = query.get("reader") == "a b" and query.get("hub.topic") == topic
        body = query.get("hub.challenge", "").encode() if meant else b""
        self.send_response(200 if meant else 404)
        self.end_headers()
        self.wfile.write(body)
        say(event="asked", mode=query.get("hub.mode"), lease=query.get("hub.lease_seconds"), meant=meant)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent = self.headers.get("X-Hub-Signature", "")
        method, _, digest = sent.partition("=")
        right = method in ("sha256", "sha384", "sha512") and hmac.compare_digest(
            digest, hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
        )
        self.send_response(status)
        self.end_headers()
        say(
            event="content",
            signed=right,
            type=self.headers.get("Content-Type"),
            links=links(self.headers.get("Link")),
            body=body.decode("utf-8"),
        )

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", port), Hook)
with urllib.request.urlopen(feed) as answer:
    found = links(answer.headers.get("Link"))
hub, topic = found["hub"], found["self"]
threading.Thread(target=server.serve_forever, daemon=True).start()


def ask(mode):
    form = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback, "hub.secret": secret}
    request = urllib.request.Request(hub, data=urllib.parse.urlencode(form).encode())
    with urllib.request.urlopen(request) as answer:
        say(event=mode, status=answer.status)


ask("subscribe")
for line in sys.stdin:
    ask(line.strip())
