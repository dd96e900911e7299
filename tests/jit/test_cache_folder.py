"""Where compiled kernels are kept, and where they are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from segmenter.jit import cache_folder
from segmenter.jit.kernels import FOLDER

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with two files of kernels and one without, whose own folder cannot be made."""
    here = tmp_path / "package"
    here.mkdir()
    (here / "jit").mkdir()
    (here / "jit" / "__init__.py").write_text("def kernel(function): ...")
    (here / "ward.py").write_text("from package.jit import kernel")
    (here / "words.py").write_text("said = 'nothing'")
    (here / "__pycache__").write_text("not a folder")
    monkeypatch.setattr(cache_folder, "__file__", str(here / "jit" / "cache_folder.py"))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setattr(cache_folder.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return here


def found(given=""):
    return cache_folder.kernel_folder("package.jit", given)


def test_a_folder_is_for_exactly_these_sources(package):
    first = found()
    (package / "words.py").write_text("said = 'more'")
    assert found() == first
    (package / "ward.py").write_text("from package.jit import kernel  # mended")
    second = found()
    assert second != first
    (package / "ward.py").rename(package / "ward_linkage.py")
    assert found() == second
    (package / "jit" / "__init__.py").write_text("def kernel(function): return function")
    assert found() not in (first, second)
    assert first.is_dir()


def test_the_folder_that_the_user_asks_for_comes_first(package, tmp_path):
    assert found(str(tmp_path / "mine" / "kernels")).parent == tmp_path / "mine" / "kernels"
    assert found("/proc/nothing").parent.parent == tmp_path / "temporary"


def test_the_home_comes_before_the_temporary_folder(package, tmp_path, monkeypatch):
    (tmp_path / "nobody").mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert found().parent == tmp_path / "nobody" / ".cache" / "segmenter"


@pytest.mark.parametrize("trouble", ["others may write", "a link", "a file"])
def test_a_folder_where_others_can_write_is_not_used(package, tmp_path, trouble):
    place = tmp_path / "temporary" / f"segmenter-{os.geteuid()}"
    if trouble == "others may write":
        place.mkdir()
        place.chmod(0o777)
    elif trouble == "a link":
        (tmp_path / "theirs").mkdir()
        place.symlink_to(tmp_path / "theirs")
    else:
        place.write_text("")
    assert found() is None


def test_a_folder_of_somebody_else_is_not_used(package, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder, "_user", lambda: os.geteuid() + 1)
    (tmp_path / "temporary" / f"segmenter-{os.geteuid() + 1}").mkdir(mode=0o700)
    assert found() is None


def test_nothing_is_left_in_the_working_folder(package, tmp_path, monkeypatch):
    """Python takes it for temporary files where no other folder can be written."""
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache_folder.tempfile, "gettempdir", os.getcwd)
    assert found() is None
    assert not list((tmp_path / "data").iterdir())
    monkeypatch.setenv("TMPDIR", os.getcwd())
    assert found().parent.parent == tmp_path / "data"


def test_older_kernels_go_only_from_the_installation(monkeypatch, tmp_path):
    monkeypatch.setattr(cache_folder, "__file__", str(tmp_path / "jit" / "cache_folder.py"))
    for place in (tmp_path / "__pycache__", tmp_path / "shared"):
        kept, old = place / "segmenter-kernels-2", place / "segmenter-kernels-1"
        for folder in (kept, old):
            folder.mkdir(parents=True)
        cache_folder.drop_older(kept)
        assert kept.is_dir()
        assert old.is_dir() == (place.name == "shared")


@pytest.mark.parametrize("complete", [True, False])
def test_a_copy_is_complete_where_the_original_is(tmp_path, complete):
    built, folder = tmp_path / "built", tmp_path / "folder"
    (built / "ward").mkdir(parents=True)
    folder.mkdir()
    (built / "ward" / "search.nbi").touch()
    if complete:
        cache_folder.mark_complete(built)
    cache_folder._copy(built, folder)
    assert (folder / "ward" / "search.nbi").is_file()
    assert cache_folder.is_complete(folder) == complete


NOT_KEPT = """
import pathlib

def refuse(*_, **__):
    raise OSError

mkdir, pathlib.Path.mkdir = pathlib.Path.mkdir, refuse
import segmenter.jit.kernels
pathlib.Path.mkdir = mkdir

from segmenter.training.warm_up import warm_up
from segmenter.clustering.ward import cut_tree, np

class Listener:
    def warn(self, message, code):
        print(message)

warm_up(Listener())
print(cut_tree(np.array([[0.0, 1.0, 1.0, 2.0], [2.0, 3.0, 9.0, 3.0]]), 2))
"""


def test_kernels_work_where_nothing_can_be_kept():
    called = subprocess.run(
        [sys.executable, "-c", NOT_KEPT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert called.stdout.startswith("compiled kernels cannot be kept")
    assert "Set NUMBA_CACHE_DIR to one that can." in called.stdout
    assert "[0 0 1]" in called.stdout


def test_this_installation_keeps_its_kernels():
    assert FOLDER is not None
    assert FOLDER.is_dir()
