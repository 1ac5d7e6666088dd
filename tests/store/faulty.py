"""A proxy on loopback that fails some requests before, or after, they took effect."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# What may happen to a request: an answer of a busy server, one of a broken one, a
# connection that ends at once, and one that ends when the work is done.
FAULTS = ("busy", "broken", "dropped", "unanswered")


@contextmanager
def faulty_proxy(upstream, plan):
    """Serve; `plan(method, path)` gives a fault's name or None."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            fault = plan(self.command, self.path)
            if fault == "dropped":
                self.close_connection = True
                return
            if fault in ("busy", "broken"):
                self.answer(503 if fault == "busy" else 500, [], b"")
                return
            status, headers, content = forward(
                upstream,
                self.command,
                self.path,
                headers=dict(self.headers),
                body=body,
            )
            if fault == "unanswered":
                self.close_connection = True
                return
            self.answer(status, headers, content)

        def answer(self, status, headers, content):
            self.send_response(status)
            kept = {"etag", "last-modified", "content-type", "content-range"}
            for name, value in headers:
                if name.lower() in kept or name.lower().startswith("x-amz"):
                    self.send_header(name, value)
            length = dict(headers).get("Content-Length", len(content))
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", length if is_head else len(content))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def forward(upstream, method, path, *, headers, body):
    place = urlsplit(upstream)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()
