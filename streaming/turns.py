"""From turns as they were sent to turns as they are read: one speaker each, whatever was known when they were sent.

A segment is sent as one turn or more (`t0-3`, `t0-3.1`, …), cut where the speaker seemed to change. Words may be given
to another speaker later, so the transcript cuts anew: the words of a segment, by the speakers that they have now. So
the cuts depend on the audio only, not on how early a word was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from colloque.streaming.transcript import Role, Turn, TurnEnd, Word, WrittenWords


@dataclass(slots=True)
class SentTurn:
    """A turn as heard so far, under the id that clients know."""

    id: str
    track: int
    words: list[Word] = field(default_factory=list)
    ended: TurnEnd | None = None
    written: tuple[WrittenWords, ...] = ()


def transcript(turns: Iterable[SentTurn], role: Callable[[str | None], Role]) -> tuple[Turn, ...]:
    """Turns in order of time, each of one speaker."""
    heard = sorted((turn for turn in turns if turn.words), key=lambda turn: (turn.words[0].start_sample, turn.track))
    found = [turn for chain in _chains(heard) for turn in _cut(chain, role)]
    found.sort(key=lambda turn: (turn.words[0].start_sample, turn.track))
    return tuple(found)


def _chains(turns: list[SentTurn]) -> list[list[SentTurn]]:
    """Turns of one segment together: each but the last was ended because the speaker seemed to change."""
    chains: list[list[SentTurn]] = []
    latest: dict[tuple[int, str], list[SentTurn]] = {}
    for turn in turns:
        segment = (turn.track, turn.id.partition(".")[0])
        chain = latest.get(segment)
        if chain is not None and chain[-1].ended == "speaker":
            chain.append(turn)
        else:
            latest[segment] = [turn]
            chains.append(latest[segment])
    return chains


def _cut(chain: list[SentTurn], role: Callable[[str | None], Role]) -> Iterator[Turn]:
    runs: list[tuple[str, list[Word]]] = []
    for sent in chain:
        for at, word in enumerate(sent.words):
            if runs and runs[-1][1][-1].speaker == word.speaker:
                runs[-1][1].append(word)
            else:
                # No id on the wire holds a slash.
                runs.append((f"{sent.id}/{word.id}" if at else sent.id, [word]))
    forms = [form for sent in chain for form in sent.written]
    for index, (identifier, words) in enumerate(runs):
        ended = chain[-1].ended if index == len(runs) - 1 else "speaker"
        speaker = words[0].speaker
        written = tuple(_whole(forms, words)) if forms else ()
        yield Turn(identifier, chain[0].track, speaker, role(speaker), tuple(words), ended, written)


def _whole(forms: list[WrittenWords], words: list[Word]) -> Iterator[WrittenWords]:
    """The forms of which all words are here: one that a change of speaker cuts is no longer true of either."""
    places = {word.id: place for place, word in enumerate(words)}
    for form in forms:
        first = places.get(form.word_ids[0])
        if first is not None and tuple(w.id for w in words[first : first + len(form.word_ids)]) == form.word_ids:
            yield form
