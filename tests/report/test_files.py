"""The report as a file: whose it may replace, and that nothing is half-written."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from segmenter.report.files import check, check_folder, mark, write

from segmenter import SegmenterError

OURS = '<!doctype html>\n<meta name="generator" content="segmenter 0.1.0">'


def test_a_report_is_replaced_and_nothing_else(tmp_path):
    path = tmp_path / "report.html"
    check(path, overwrite=False)
    path.write_text(OURS)
    check(path, overwrite=False)
    path.write_text("<!doctype html>\n<p>mine")
    with pytest.raises(SegmenterError, match="is not a report of ours"):
        check(path, overwrite=False)
    check(path, overwrite=True)


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
    path.write_text(OURS)

    def fill_up(draft, content):
        with open(draft, "wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(SegmenterError, match=r"No space left on device\. Nothing was written"):
        write({path: b"a new report"}, overwrite=False)
    assert path.read_text() == OURS
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_picture_says_who_made_it(tmp_path):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    rest = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    marked = mark(b"\x89PNG\r\n\x1a\n" + header + rest)
    assert marked.endswith(rest)
    length = struct.unpack(">I", marked[33:37])[0]
    body = marked[37 : 41 + length]
    assert body.startswith(b"tEXtSoftware\0segmenter ")
    assert struct.unpack(">I", marked[41 + length : 45 + length])[0] == zlib.crc32(body)
    path = tmp_path / "map.png"
    path.write_bytes(marked)
    check(path, overwrite=False)
