"""The data stay at home: no library that the engines load reports anything to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROBE = "import colloque.models.engine, os; assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"


def test_onnx_runtime_leaves_no_usage_session_behind(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", PROBE], env={**environment, "TMPDIR": str(tmp_path)}, check=True, timeout=120)
    assert list(tmp_path.iterdir()) == []
