from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from colloque.models import fetch
from colloque.models.catalogue import CATALOGUE


@pytest.fixture(scope="session")
def checkpoints(request: pytest.FixtureRequest) -> dict[str, Path]:
    """The published weights of the models that are built; kept in pytest's cache, so they are fetched once."""
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("published-weights")
    weights = {
        model.name: replace(model, files=(model.weights,), weights=None)
        for model in CATALOGUE.values()
        if model.weights is not None
    }
    return fetch.pull(folder=folder, catalogue=weights)


class Runner:
    """Runs a model file in one thread, as the engines do."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options)

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        (source,) = self._session.get_inputs()
        (result,) = self._session.run(None, {source.name: values})
        return np.asarray(result)
