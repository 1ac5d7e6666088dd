"""Is a bucket's address recognised, also after a Path took a slash from it?"""

from pathlib import Path

import pytest

from pipeline.places import bucket_url, settled, shown


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("s3://lakes/zoo", "s3://lakes/zoo"),
        ("s3://lakes/a lake/", "s3://lakes/a lake"),
        (Path("s3://lakes/zoo"), "s3://lakes/zoo"),
        ("gs:\\lakes\\zoo", "gs://lakes/zoo"),
        ("warehouse", None),
        ("/data/s3/lake", None),
        ("http://host/lake", None),
    ],
)
def test_an_address_differs_from_a_folder_by_its_scheme(place, url):
    assert bucket_url(place) == url


def test_a_bucket_is_the_same_from_every_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settled(Path("lake")) == tmp_path.resolve() / "lake"
    bucket = Path("s3://lakes/zoo")
    assert (settled(bucket), shown(bucket)) == (bucket, "s3://lakes/zoo")
    assert shown(Path("lake")) == "lake"
