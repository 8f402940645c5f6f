"""Engines: implements the protocols of ``colloque.streaming.engines`` with real models."""

import os

# ONNX Runtime's Linux wheels from 1.32 on can report usage to their maker. The data stay at home: this must be set
# before onnxruntime is imported, and everything that imports it lives in this package.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
