"""A real S3 server on loopback: moto's, in a thread of its own."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@contextmanager
def s3_server(monkeypatch, copies):
    """Serve, point the environment at it, and give the URL of an empty bucket."""
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "WEIGHTLAKE_COPIES": str(copies),
    }.items():
        monkeypatch.setenv(name, value)
    try:
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="lakes")
        yield endpoint
    finally:
        server.stop()
