"""Drafts: private folders, what killed processes leave, and places that are taken."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from segmenter import SegmenterError
from segmenter.sources.drafts import move, private_folder, spill_folder, write_files

ROOT = Path(__file__).parent.parent.parent

HOLD = """
import sys
from pathlib import Path
from segmenter.sources.drafts import private_folder
with private_folder(Path(sys.argv[1])) as folder:
    (folder / "draft").write_text("half")
    (folder / "spill").mkdir()
    (folder / "spill" / "block").write_text("rows")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that works in a private folder."""
    called = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    called.folder = called.stdout.readline().strip()
    yield called
    called.kill()
    called.communicate()


def test_a_folder_is_private_and_goes(tmp_path):
    with private_folder(tmp_path) as one, private_folder(tmp_path) as other:
        assert one != other
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
        (one / "file").touch()
        (one / "folder").mkdir()
    assert not list(tmp_path.iterdir())


def test_the_folder_of_a_killed_process_is_swept_and_that_of_a_living_one_stays(tmp_path, holder):
    with private_folder(tmp_path) as own:
        assert {path.name for path in tmp_path.iterdir()} == {own.name, holder.folder}
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / holder.folder / "draft").exists()
    with private_folder(tmp_path) as own:
        assert [path.name for path in tmp_path.iterdir()] == [own.name]


def test_whoever_was_killed_before_the_lock_is_swept_too(tmp_path):
    (tmp_path / f".segmenter-{'0' * 32}").mkdir()
    with private_folder(tmp_path) as own:
        assert [path.name for path in tmp_path.iterdir()] == [own.name]


def test_what_only_looks_alike_stays(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    link = tmp_path / f".segmenter-{'0' * 32}"
    link.symlink_to(precious)
    named = tmp_path / ".segmenter-notes"
    named.mkdir()
    with private_folder(tmp_path):
        pass
    assert link.is_symlink()
    assert named.is_dir()
    assert (precious / "file").exists()


def test_temporary_files_go_elsewhere_where_the_folder_cannot_be_written(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    with spill_folder(tmp_path / "missing") as folder:
        assert folder.parent == elsewhere
    assert not list(elsewhere.iterdir())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing, too"))
    with spill_folder(tmp_path / "missing") as folder:
        assert folder is None


def no_hard_links(*_):
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("has_hard_links", [True, False])
def test_nothing_is_replaced_unasked(tmp_path, monkeypatch, has_hard_links):
    if not has_hard_links:
        monkeypatch.setattr(os, "link", no_hard_links)
    draft, place, link = (tmp_path / name for name in ("draft", "place", "link"))
    draft.write_text("first")
    move(draft, place, overwrite=False)
    assert not draft.exists()
    draft.write_text("second")
    link.symlink_to(tmp_path / "nowhere")
    for taken in (place, link):
        with pytest.raises(FileExistsError):
            move(draft, taken, overwrite=False)
    assert place.read_text() == "first"
    assert link.is_symlink()
    move(draft, place, overwrite=True)
    assert place.read_text() == "second"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "place"]


def test_a_place_that_was_only_reserved_is_given_back(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    draft = tmp_path / "draft"
    draft.touch()
    monkeypatch.setattr(os, "link", no_hard_links)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="Input/output error"):
        move(draft, tmp_path / "place", overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["draft"]


def test_files_that_belong_together_say_which_of_them_are_new(tmp_path):
    page, picture, other = (tmp_path / name for name in ("page", "picture", "other"))
    picture.write_text("somebody else's")
    contents = {page: b"1", picture: b"2", other: b"3"}
    with pytest.raises(SegmenterError, match=r"made by somebody else.*1 of 3 files is new \(page"):
        write_files(contents, replaced=set(), words="all is written")
    assert page.read_bytes() == b"1"
    assert picture.read_text() == "somebody else's"
    assert not other.exists()
    write_files(contents, replaced={page, picture}, words="all is written")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "page", "picture"]
