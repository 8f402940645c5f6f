"""Builds the diariser's ONNX files from published weights, without torch."""
