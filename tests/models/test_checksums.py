from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from colloque.models.checksums import is_stamped, matches, stamp
from colloque.models.model import Model
from tests.models.tiny import file_of

CONTENT = bytes(range(256)) * 8_192
MODEL = Model("one", "tests checksums", "MIT", "these tests", (file_of("one.bin", CONTENT),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "one.bin").write_bytes(CONTENT)
    return tmp_path / "one.bin"


def test_content_decides(path: Path) -> None:
    done: list[int] = []
    assert matches(path, MODEL.files[0], done.append)
    assert done == [1 << 20, 2 << 20]
    path.write_bytes(CONTENT[:-1] + b"\0")
    assert not matches(path, MODEL.files[0])
    path.write_bytes(CONTENT[:-1])
    assert not matches(path, MODEL.files[0])


def test_a_stamp_holds_while_size_and_time_do(path: Path, tmp_path: Path) -> None:
    assert not is_stamped(MODEL, tmp_path)
    stamp(MODEL, tmp_path)
    assert is_stamped(MODEL, tmp_path)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000))
    assert not is_stamped(MODEL, tmp_path)


def test_a_new_catalogue_does_not_trust_an_old_stamp(path: Path, tmp_path: Path) -> None:
    stamp(MODEL, tmp_path)
    newer = replace(MODEL, files=(replace(MODEL.files[0], sha256="0" * 64),))
    assert not is_stamped(newer, tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"one.bin": 3}'])
def test_a_broken_stamp_counts_as_none(path: Path, tmp_path: Path, text: str) -> None:
    stamp(MODEL, tmp_path)
    (tmp_path / ".verified" / "one.json").write_text(text, "utf-8")
    assert not is_stamped(MODEL, tmp_path)


def test_files_that_are_gone_are_not_stamped(path: Path, tmp_path: Path) -> None:
    stamp(MODEL, tmp_path)
    path.unlink()
    assert not is_stamped(MODEL, tmp_path)
    assert not is_stamped(replace(MODEL, package="colloque_no_such_package"), tmp_path)
