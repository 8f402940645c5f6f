"""Engines: implements the protocols of ``colloque.streaming.engines`` with real models."""
