"""One track of a session: its stream in the speech engine, and how results become committed words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from colloque.streaming import speakers
from colloque.streaming.again import HeardBefore
from colloque.streaming.commands import OpenStream, StoreCheckpoint
from colloque.streaming.config import SessionConfig
from colloque.streaming.engines import Checkpoint, Hypothesis, Recognised, StreamSpec, Writer
from colloque.streaming.joiner import Joined, JoinedWord, Run, RunEnd, Settled, WordJoiner
from colloque.streaming.messages import ServerEvent, SpeakerRelabel, TranscriptFinal, TranscriptPartial, TurnEnded
from colloque.streaming.transcript import TurnEnd, Word, WrittenWords
from colloque.streaming.view import SessionView

TIME_GRID = 16
"""Samples. Word times are kept to the millisecond, so that the wire, the store and the session say the same."""


class Track:
    """State of one track; `Hearing` drives it."""

    def __init__(self, index: int, config: SessionConfig, view: SessionView, writer: Writer | None) -> None:
        self.index = index
        self.spec = config.tracks[index]
        self.is_room = len(config.tracks) == 1
        """A room's speakers are told apart; otherwise the track is the speaker."""
        self.generation = 0
        """Of the engine's stream; results of an older one are stale."""
        self.is_open = False
        self.processed_sample = 0
        self.furthest_sample = 0
        """As far as any stream of the track has come."""
        self.flushing: set[int] = set()
        """Tokens of flushes that the engine has not answered."""
        self.is_stale = False
        """The configuration has changed: open the stream anew once it is flushed."""
        self.failures = 0
        """Of the engine in a row, without new audio worked through between."""
        self.stored: StoreCheckpoint | None = None
        self._held: deque[Checkpoint] = deque()
        """Checkpoints whose earlier words still wait for their speakers, or are not settled."""
        self._language = config.language
        self._view = view
        self._writer = writer
        self.joiner = self._new_joiner()
        self._word_count = max((int(word.id.partition("-")[2]) for word in self._words()), default=0)
        self._segment_base = _next_segment(view, index)
        self._before = HeardBefore(self._words(), 0)

    def _new_joiner(self) -> WordJoiner:
        if not self.is_room:
            return WordJoiner(fixed_speaker=self.index + 1)
        known = self._view.speakers.values()
        return WordJoiner(confirmed=frozenset(speakers.number(s.speaker) for s in known if s.state == "confirmed"))

    def _words(self) -> Iterator[Word]:
        return (word for turn in self._view.turns.values() if turn.track == self.index for word in turn.words)

    # --- the stream ---------------------------------------------------------------------------------------------------

    def open(self, config: SessionConfig, received_sample: int) -> OpenStream:
        """Opens the stream (anew) from the last stored checkpoint."""
        start = self.stored.sample if self.stored else 0
        self.joiner = self._new_joiner()
        self._before = HeardBefore(self._words(), start)
        self._held.clear()
        self._language = config.language
        self.generation += 1
        self.is_open, self.is_stale = True, False
        self.processed_sample = start
        spec = StreamSpec(
            session_id=config.session_id,
            track=self.index,
            language=config.language,
            keyterms=config.keyterms,
            diarise=self.is_room,
            speakers_max=config.speakers_max,
            start_sample=start,
            state=(self.stored.state or None) if self.stored else None,
        )
        return OpenStream(spec, self.generation, replay=start < received_sample)

    def end_stream(self) -> None:
        """After a failure: segments of the next stream get numbers of their own."""
        self.is_open = False
        self._segment_base = _next_segment(self._view, self.index)

    def end_turns(self) -> list[ServerEvent]:
        """Ends what no stream will go on with: turns without an end, and tentative text."""
        view = self._view
        turns = [t.id for t in view.turns.values() if t.track == self.index and t.words and t.ended is None]
        tentative = [p.turn for p in view.partials.values() if p.track == self.index and p.turn not in turns]
        ended: list[ServerEvent] = [self._ended(turn, "end") for turn in turns]
        return ended + [TranscriptPartial(turn, self.index, None, "") for turn in tentative]

    # --- words --------------------------------------------------------------------------------------------------------

    def turn_of(self, segment: int, run_index: int) -> str:
        """Stable id of the turn that a run of a segment becomes."""
        name = f"t{self.index}-{self._segment_base + segment}"
        return f"{name}.{run_index}" if run_index else name

    def hypothesis(self, result: Hypothesis) -> TranscriptPartial:
        """Tentative text of the turn that the segment's next words belong to, so far as they are known."""
        turn = self.turn_of(result.segment, self.joiner.run_of(result.segment))
        speaker = _label(self.joiner.speaker_near(result.segment, result.start_sample))
        texts = [*self.joiner.waiting_texts(result.segment), result.text]
        return TranscriptPartial(turn, self.index, speaker, " ".join(text for text in texts if text))

    def recognised(self, result: Recognised) -> list[Joined]:
        """Takes the next words of a segment; those that are committed already have only their speakers settled."""
        words = []
        for said in result.words:
            word = JoinedWord(said, result.segment)
            if self._before.covers(said):
                word.is_again = True
                twin = self._before.twin(said)
                if twin is not None:
                    word.id, word.is_confirmed = twin.id, twin.speaker_state == "confirmed"
                    word.speaker = speakers.number(twin.speaker) if twin.speaker else None
            words.append(word)
        return self.joiner.recognised(result, words)

    def commit(self, joined: list[Joined]) -> Iterator[ServerEvent]:
        """Events that say what has come of the words."""
        yield from self._relabel([item for item in joined if isinstance(item, Settled)])
        for item in joined:
            match item:
                case Run():
                    yield from self._commit(item)
                case RunEnd(segment, index, reason):
                    turn = self.turn_of(segment, index)
                    if turn in self._view.turns:
                        yield self._ended(turn, reason)
                    elif turn in self._view.partials:
                        yield TranscriptPartial(turn, self.index, None, "")

    def _relabel(self, settled: list[Settled]) -> Iterator[ServerEvent]:
        changes: dict[tuple[int, int], list[str]] = {}
        for item in settled:
            source, target = item.source, item.word.speaker
            # Nobody is a speaker only once that is settled, so that a change from or to nobody does not come about.
            if item.word.id is not None and source is not None and target is not None:
                changes.setdefault((source, target), []).append(item.word.id)
        for (source, target), ids in changes.items():
            yield from self.first_heard(target)
            yield SpeakerRelabel(speakers.label(source), speakers.label(target), tuple(ids))

    def _commit(self, run: Run) -> Iterator[ServerEvent]:
        if run.speaker is not None:
            yield from self.first_heard(run.speaker)
        words = tuple(self._word(word) for word in run.words)
        yield TranscriptFinal(self.turn_of(run.segment, run.index), self.index, words)

    def first_heard(self, speaker: int) -> list[ServerEvent]:
        """Announces a speaker whom clients do not know yet, or not as sure as that."""
        confirmed = self.joiner.is_confirmed(speaker)
        return speakers.first_heard(self._view, speakers.label(speaker), confirmed, None if self.is_room else self.spec)

    def _word(self, word: JoinedWord) -> Word:
        self._word_count += 1
        word.id = f"w{self.index}-{self._word_count}"
        said = word.recognised
        start = said.start_sample // TIME_GRID * TIME_GRID
        return Word(
            id=word.id,
            text=said.text,
            start_sample=start,
            end_sample=max(start, -(-said.end_sample // TIME_GRID) * TIME_GRID),
            confidence=round(said.confidence, 3),
            speaker=_label(word.speaker),
            speaker_state="confirmed" if word.is_confirmed else "provisional",
        )

    def _ended(self, turn: str, reason: TurnEnd) -> TurnEnded:
        words = self._view.turns[turn].words
        return TurnEnded(turn, reason, self._written(words))

    def _written(self, words: Sequence[Word]) -> tuple[WrittenWords, ...]:
        """The written forms of a turn's words; none where nobody knows them, or the writer fails."""
        if self._writer is None:
            return ()
        try:
            forms = self._writer.write([word.text for word in words], self._language)
            written = [WrittenWords(tuple(word.id for word in words[f.first : f.last]), f.text) for f in forms]
            return tuple(form for form in written if form.word_ids)
        except Exception:  # the words are what counts: a fault costs no more than how these are written
            return ()

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def hold(self, checkpoint: Checkpoint) -> None:
        """Keeps a checkpoint until the words before it are committed and settled."""
        self._held.append(checkpoint)

    def due_checkpoint(self) -> StoreCheckpoint | None:
        """The latest checkpoint that may be stored now: every word before it is committed, and its speaker settled."""
        if not self._held:
            return None
        open_sample = self.joiner.first_open_sample
        due: Checkpoint | None = None
        while self._held and (open_sample is None or self._held[0].sample <= open_sample):
            due = self._held.popleft()
        if due is None:
            return None
        self.stored = StoreCheckpoint(self.index, due.sample, due.state)
        return self.stored


def _label(speaker: int | None) -> str | None:
    return None if speaker is None else speakers.label(speaker)


def _next_segment(view: SessionView, track: int) -> int:
    """The first segment number that no turn of the track has taken."""
    names = [*view.turns, *view.partials]
    numbers = [int(name.partition("-")[2].split(".")[0]) for name in names if name.startswith(f"t{track}-")]
    return max(numbers, default=-1) + 1
