"""NumPy must not start threads that spin beside the engines."""

from __future__ import annotations

import os
import subprocess
import sys

PROBE = """
import colloque.server, os, pathlib
import numpy
square = numpy.ones((1024, 1024), numpy.float32)
square @ square
assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
tasks = pathlib.Path("/proc/self/task")
assert not tasks.exists() or len(list(tasks.iterdir())) == 1
"""


def test_numpy_computes_in_the_thread_that_asks() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_NUM_THREADS"}
    subprocess.run([sys.executable, "-c", PROBE], env=environment, check=True, timeout=60)
