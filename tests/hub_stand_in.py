"""A hub on loopback that answers what huggingface_hub asks about models."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class StandIn:
    """`add` models, then ask at `endpoint`; `seen` are the requests that came."""

    def __init__(self, port):
        self.endpoint = f"http://127.0.0.1:{port}"
        self.refs = {}  # model → branch or tag → commit
        self.files = {}  # commit → file name → bytes
        self.gated = set()
        self.failures = []  # status codes to answer with, before anything else
        self.seen = []

    def add(self, model, revision="main", **files):
        """A commit with these files (`__` stands for a dot), and a branch at it."""
        content = {name.replace("__", "."): data for name, data in files.items()}
        commit = hashlib.sha1(  # noqa: S324  as git names commits
            repr((model, revision, sorted(content.items()))).encode()
        ).hexdigest()
        self.refs.setdefault(model, {})[revision] = commit
        self.files[commit] = content
        return commit

    def answer(self, path):
        """Status, headers and body for a path without its query."""
        if self.failures:
            return self.failures.pop(0), {}, b"stumbled"
        parts = [unquote(part) for part in path.strip("/").split("/")]
        is_api = parts[:2] == ["api", "models"]
        org, name, *rest = parts[2:] if is_api else parts
        model = f"{org}/{name}"
        if model in self.gated or model not in self.refs:
            known = model in self.refs
            code = "GatedRepo" if known else "RepoNotFound"
            return 403 if known else 401, {"X-Error-Code": code}, b""
        if rest == ["refs"]:
            return 200, {}, _list_refs(self.refs[model])
        revision = rest[1] if len(rest) > 1 else "main"
        commit = self.refs[model].get(revision, revision)
        if commit not in self.files:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        if is_api:
            return 200, {}, _describe(model, commit, self.files[commit], rest[0])
        return _send(commit, self.files[commit], "/".join(rest[2:]))


def _send(commit, files, name):
    if name not in files:
        return 404, {"X-Error-Code": "EntryNotFound"}, b""
    headers = {"X-Repo-Commit": commit, "ETag": f'"{_oid(files[name])}"'}
    return 200, headers, files[name]


def _list_refs(refs):
    named = [{"name": n, "ref": n, "targetCommit": c} for n, c in refs.items()]
    body = {"branches": named[:-1], "tags": named[-1:], "converts": []}
    return json.dumps(body).encode()


def _oid(data):
    return hashlib.sha1(data).hexdigest()  # noqa: S324  as git names blobs


def _describe(model, commit, files, kind):
    listed = [(name, len(data), _oid(data)) for name, data in files.items()]
    if kind == "tree":
        body = [{"type": "file", "path": n, "size": s, "oid": o} for n, s, o in listed]
    else:
        siblings = [{"rfilename": n, "size": s, "blobId": o} for n, s, o in listed]
        body = {"id": model, "sha": commit, "siblings": siblings}
    return json.dumps(body).encode()


@contextmanager
def serve():
    """A stand-in that listens while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path
            hub.seen.append(f"{self.command} {path}")
            status, headers, body = hub.answer(path)
            wanted = self.headers.get("Range")
            if status == 200 and wanted:
                first, last = wanted.removeprefix("bytes=").split("-")
                body = body[int(first) : int(last or len(body)) + 1]
                status = 206
            self.send_response(status)
            for name, value in {**headers, "Content-Length": len(body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub = StandIn(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
