"""What is said in a recording, read from the file beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.recognition.normalisation import words_of
from benchmarks.recognition.stream import SpokenWord

_TEXT = ("text", "transcript", "w", "word")
_START = ("start_s", "start_sec", "start")
_END = ("end_s", "end_sec", "end")


class ReferenceUnreadable(ValueError):
    """The text of a recording cannot be read."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Text of a recording."""

    text: str
    """As it is written, for alignment."""
    words: tuple[SpokenWord, ...]
    language: str | None = None
    """Where the file says it."""

    @property
    def has_times(self) -> bool:
        """Whether the file says when words end."""
        return any(word.end_s is not None for word in self.words)


def read_reference(path: Path) -> Reference:
    """Reads `.txt` and `.lab` (plain text, one utterance) or `.json`.

    JSON holds `words`, each with a text (`text`, `w` or `word`) and maybe `end_s` and `start_s` (or `end_sec`, `end`,
    …); or `turns`, each with `text` or such `words`; or only a `text` or `transcript`; and maybe a `language`. Each
    turn is an utterance; they are put in order of their `start_s`. Raises `ReferenceUnreadable`.
    """
    try:
        content = path.read_text(encoding="utf-8")
        return _from_json(json.loads(content)) if path.suffix == ".json" else _plain(content)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ReferenceUnreadable(
            f"{path.name} holds no reference that can be read ({type(error).__name__}): "
            "it must be UTF-8 text, or JSON with `text`, `words` or `turns`"
        ) from None


def _plain(content: str, language: str | None = None) -> Reference:
    text = " ".join(content.split())
    return Reference(text, tuple(SpokenWord(word, None, None, 0) for word in words_of(text)), language)


def _from_json(content: dict[str, Any]) -> Reference:
    language = content.get("language")
    turns = content.get("turns")
    if turns is None:
        if "words" not in content:
            return _plain(_first(content, _TEXT) or "", language)
        turns = [content]
    words: list[SpokenWord] = []
    texts: list[str] = []
    for utterance, turn in enumerate(sorted(turns, key=lambda turn: _first(turn, _START) or 0.0)):
        tokens = turn.get("words") or [{"text": _first(turn, _TEXT) or ""}]
        words += _spoken(tokens, utterance)
        texts += [_first(token, _TEXT) or "" for token in tokens]
    return Reference(" ".join(texts), tuple(words), language)


def _spoken(tokens: Iterable[dict[str, Any]], utterance: int) -> Iterable[SpokenWord]:
    """Normalised words of tokens; where a token is several words, they share its time by their letters."""
    for token in tokens:
        parts = words_of(_first(token, _TEXT) or "")
        start_s, end_s = _first(token, _START), _first(token, _END)
        letters, so_far = sum(map(len, parts)), 0
        for part in parts:
            so_far += len(part)
            if start_s is None or end_s is None:
                yield SpokenWord(part, None, end_s, utterance)
            else:
                length_s = end_s - start_s
                begin_s = start_s + length_s * (so_far - len(part)) / letters
                yield SpokenWord(part, begin_s, start_s + length_s * so_far / letters, utterance)


def _first(content: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((content[name] for name in names if content.get(name) is not None), None)
