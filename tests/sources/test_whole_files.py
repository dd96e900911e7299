"""Pages and scripts as files: nothing is replaced unasked, nothing is half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmenter import SegmenterError
from segmenter.sources.whole_files import check, check_folder, write


def test_nothing_is_replaced_unasked(tmp_path):
    path = tmp_path / "report.html"
    check(path, overwrite=False)
    path.write_text("mine")
    with pytest.raises(
        SegmenterError, match=r"exists already\. .* replace it with overwrite = True"
    ):
        check(path, overwrite=False)
    check(path, overwrite=True)
    write({path: b"new"}, overwrite=True)
    assert path.read_bytes() == b"new"


def test_places_that_are_none(tmp_path, monkeypatch):
    with pytest.raises(SegmenterError, match="is a folder"):
        check(tmp_path, overwrite=True)
    with pytest.raises(SegmenterError, match=r"there is no folder .*nowhere"):
        check(tmp_path / "nowhere" / "report.html", overwrite=False)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SegmenterError, match=r"is a file\. Name a folder"):
        check_folder(file)
    with pytest.raises(SegmenterError, match="there is no folder"):
        check_folder(tmp_path / "nowhere" / "pictures")
    check_folder(tmp_path / "pictures")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SegmenterError, match="cannot be written"):
        check(tmp_path / "report.html", overwrite=False)
    with pytest.raises(SegmenterError, match="cannot be written"):
        check_folder(tmp_path)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("the old one")

    def fill_up(draft, content):
        with open(draft, "wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(SegmenterError, match=r"No space left on device\. Nothing was written"):
        write({path: b"a new report"}, overwrite=True)
    assert path.read_text() == "the old one"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
