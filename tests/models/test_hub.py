from __future__ import annotations

import re

import pytest
from faster_whisper.utils import _MODELS

from colloque.models.hub import SHORT_NAMES, HubModel, hub_model


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_every_short_name_says_its_repository_and_licence(name: str) -> None:
    model = SHORT_NAMES[name]
    assert model.licence == "MIT"
    assert model.revision == "main" or re.fullmatch(r"[0-9a-f]{40}", model.revision)
    assert model.weights_sha256 == "" or re.fullmatch(r"[0-9a-f]{64}", model.weights_sha256)
    assert model.is_english_only == ("distil" in name or name.endswith(".en"))
    assert hub_model(name) == model


def test_the_short_names_mean_what_they_mean_to_faster_whisper() -> None:
    theirs = _MODELS
    for name in ("large", "turbo", *SHORT_NAMES):
        found = hub_model(name)
        assert found is not None
        assert found.repository == theirs[name]


def test_a_full_name_of_a_known_model_means_the_same_revision() -> None:
    small = SHORT_NAMES["small"]
    found = hub_model("Systran/faster-whisper-small")
    assert found is not None
    assert (found.name, found.folder) == ("Systran/faster-whisper-small", small.folder)
    assert found.weights_sha256 == small.weights_sha256
    other = hub_model("Systran/faster-whisper-small@main")
    assert other is not None
    assert (other.revision, other.licence, other.weights_sha256) == ("main", "MIT", "")


def test_an_unknown_repository_is_taken_at_the_revision_that_is_asked() -> None:
    assert hub_model("some.body/whisper_fr-ct2") == HubModel("some.body/whisper_fr-ct2", "some.body/whisper_fr-ct2")
    found = hub_model("a/b@refs/pr/1")
    assert found is not None
    assert (found.revision, found.folder) == ("refs/pr/1", "hub/a--b@refs--pr--1")
    assert found.remedy == "colloque models pull a/b@refs/pr/1"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "whisper-enormous",
        "a/b/c",
        "../b",
        "a/..",
        "a/b@..",
        "a/b@x/../y",
        "a--b/c",
        "/a/b",
        "a/b@",
        "a/b@x/",
        "a /b",
    ],
)
def test_what_is_no_name_of_the_hub(name: str) -> None:
    assert hub_model(name) is None
