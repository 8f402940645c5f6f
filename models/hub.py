"""Names of recognisers on the hub: the short ones that everybody knows, and `owner/repository[@revision]`.

The short names are those of faster-whisper. Where a revision is given here, it is what the name means; the checksums of
the weights are those that the hub publishes for these revisions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

REVISION_DEFAULT = "main"
ALIASES = {"base": "whisper-base"}
"""Short names of what the catalogue has."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A CTranslate2 conversion of Whisper on the hub, as the setting names it."""

    name: str
    """As it is written in the configuration."""
    repository: str
    revision: str = REVISION_DEFAULT
    """Commit, tag or branch."""
    licence: str = ""
    """SPDX identifier; empty where only the hub can tell."""
    is_english_only: bool = False
    """True where it is known to have learnt English alone, whatever its vocabulary holds."""
    weights_sha256: str = ""
    """Of `model.bin`; empty where it is not known in advance."""

    @property
    def folder(self) -> str:
        """Its own folder, relative to the models folder, with `/`. Each revision has one."""
        return f"hub/{self.repository.replace('/', '--')}@{self.revision.replace('/', '--')}"

    @property
    def remedy(self) -> str:
        """The command that brings it here."""
        return f"colloque models pull {self.name}"


_KNOWN = (
    HubModel(
        "tiny",
        "Systran/faster-whisper-tiny",
        "d90ca5fe260221311c53c58e660288d3deb8d356",
        weights_sha256="dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1",
    ),
    HubModel(
        "small",
        "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120",
        weights_sha256="3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
    ),
    HubModel(
        "medium",
        "Systran/faster-whisper-medium",
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        weights_sha256="9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae",
    ),
    HubModel("large-v2", "Systran/faster-whisper-large-v2", "f0fe81560cb8b68660e564f55dd99207059c092e"),
    HubModel(
        "large-v3",
        "Systran/faster-whisper-large-v3",
        "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        weights_sha256="69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1",
    ),
    HubModel(
        "large-v3-turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        weights_sha256="e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
    ),
    HubModel(
        "distil-large-v3",
        "Systran/faster-distil-whisper-large-v3",
        "c3058b475261292e64a0412df1d2681c06260fab",
        is_english_only=True,
        weights_sha256="b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5",
    ),
    HubModel("distil-large-v3.5", "distil-whisper/distil-large-v3.5-ct2", is_english_only=True),
    HubModel("distil-large-v2", "Systran/faster-distil-whisper-large-v2", is_english_only=True),
    HubModel("distil-medium.en", "Systran/faster-distil-whisper-medium.en", is_english_only=True),
    HubModel("distil-small.en", "Systran/faster-distil-whisper-small.en", is_english_only=True),
    HubModel(
        "tiny.en", "Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba", is_english_only=True
    ),
    HubModel(
        "base.en", "Systran/faster-whisper-base.en", "3d3d5dee26484f91867d81cb899cfcf72b96be6c", is_english_only=True
    ),
    HubModel(
        "small.en", "Systran/faster-whisper-small.en", "d1d751a5f8271d482d14ca55d9e2deeebbae577f", is_english_only=True
    ),
    HubModel(
        "medium.en",
        "Systran/faster-whisper-medium.en",
        "a29b04bd15381511a9af671baec01072039215e3",
        is_english_only=True,
    ),
)
"""All under the MIT licence, as their pages on the hub say."""

SHORT_NAMES: dict[str, HubModel] = {model.name: replace(model, licence="MIT") for model in _KNOWN}
_SYNONYMS = {"large": "large-v3", "turbo": "large-v3-turbo"}

_NAME = re.compile(
    r"(?P<repository>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>\w[\w./-]{0,199}))?", re.ASCII
)


def hub_model(name: str) -> HubModel | None:
    """What a name stands for on the hub; None where it is neither a short name nor `owner/repository[@revision]`."""
    known = SHORT_NAMES.get(_SYNONYMS.get(name, name))
    if known is not None:
        return replace(known, name=name)
    match = _NAME.fullmatch(name)
    if match is None or "--" in match["repository"] or ".." in name or name.endswith("/"):
        return None
    known = next((model for model in SHORT_NAMES.values() if model.repository == match["repository"]), None)
    if known is None:
        return HubModel(name, match["repository"], match["revision"] or REVISION_DEFAULT)
    if match["revision"] in (None, known.revision):
        return replace(known, name=name)
    return HubModel(name, known.repository, match["revision"], known.licence, known.is_english_only)
