"""Does a notice reach a real HTTP server, and what if that stumbles?"""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from pipeline.errors import UsageError
from pipeline.watch import Notice, check_webhook, post

NOTICE = Notice("alarm", "m", "r", "3 NaN", rule="bad", severity="serious")


@pytest.fixture
def hook():
    """A server that answers with the codes it is given, the last one for ever."""
    got, codes = [], [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(codes.pop(0) if len(codes) > 1 else codes[0])
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", codes, got
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("answers", "n_posts", "error"),
    [
        ([200], 1, ""),
        ([503, 200], 2, ""),
        ([429, 503, 204], 3, ""),
        ([404], 1, "404"),
        ([500], 3, "500"),
    ],
)
def test_it_is_tried_where_that_may_help(hook, answers, n_posts, error):
    url, codes, got = hook
    codes[:] = answers
    pauses = []
    assert error in post(url, NOTICE, sleep=pauses.append)
    assert len(got) == n_posts == len(pauses) + 1
    assert json.loads(got[-1])["rule"] == "bad"


def test_a_server_that_is_not_there_is_said():
    said = post("http://127.0.0.1:9/", NOTICE, sleep=lambda _: None)
    assert "cannot be reached" in said


@pytest.mark.parametrize("url", ["ftp://host/x", "host/x", "", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(UsageError, match="webhook"):
        check_webhook(url)
