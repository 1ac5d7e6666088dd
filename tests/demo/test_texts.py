from demo.texts import LEAST_BYTES, read_licences, read_sources


def test_both_texts_are_there_and_unlike():
    sources, licences = read_sources(), read_licences()
    assert len(sources) >= LEAST_BYTES
    assert len(licences) >= LEAST_BYTES
    assert b"import " in sources
    assert "PYTHON SOFTWARE FOUNDATION".encode("utf-16-le") in licences
    assert sources.count(0) == 0
    assert 0.4 < licences.count(0) / len(licences) <= 0.5


def test_reading_twice_gives_the_same_bytes():
    assert read_licences() == read_licences()
