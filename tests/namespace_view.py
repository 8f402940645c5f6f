"""Makes the folders visible under their import names, for tools that cannot read an editable install's import hook.

python tests/namespace_view.py build/ns    ->  build/ns/colloque/{server,streaming,models,clients}
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path) -> None:
    """Links every package folder; safe to call again."""
    package = folder / "colloque"
    package.mkdir(parents=True, exist_ok=True)
    for name in ("server", "streaming", "models", "clients"):
        link = package / name
        if not link.exists():
            link.symlink_to(ROOT / name, target_is_directory=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
