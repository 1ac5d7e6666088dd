"""What is found in folders of empty files that are named as checkpoints are?"""

from pipeline.sources.discover import discover


def touch(root, *names, content=b""):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def refs(reference, **options):
    return [str(source.ref) for source in discover(str(reference), **options)]


def one(reference, **options):
    (source,) = discover(str(reference), **options)
    return source
