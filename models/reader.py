"""An open segment in the recogniser: passes over a growing window, words committed as they settle.

                 window start          committed (prefix)        tail (tentative)     end of the audio
                      |  <- said, never changed ->  |  <- heard, may change ->  |  not yet  |

Three kinds of passes, at points that the audio alone decides: `grow` while somebody speaks, `breathe` where a short
pause follows (`rest` where it goes on), `finish` at the segment's end. Each reads the window with the committed text as
prefix and commits what `commitment.py` lets go; the last commits everything. A window that is long leaves its oldest
words behind, so that the cost of a pass never depends on the session; the next segment goes on with it.

Guards: a text that loops or does not end commits nothing and is read again without prefix, then in the full window;
speech without text is read again by itself; phrases that Whisper invents in silence are dropped. What still has no
text is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from colloque.models import guard
from colloque.models.commitment import Candidate, candidates, ready
from colloque.models.confidence import Rate, rated
from colloque.models.heard import Gap, Heard
from colloque.models.voice_trace import VoiceTrace
from colloque.models.whisper import BEAM, Whisper
from colloque.models.whisper_decoding import Reading
from colloque.models.window import Window
from colloque.models.words import AlignedWord
from colloque.streaming.audio import SAMPLE_RATE, Pcm, samples
from colloque.streaming.engines import Language, RecognisedWord

OPEN_BEAM = 1
"""Passes over an open segment decode greedily: their agreement does what a beam would, for less."""
FINAL_BEAM = BEAM
OPEN_MAX_SAMPLES = samples(12.0)
"""Where nothing could be committed for so long, what can be believed is said and the rest given up."""
UNSAID_MAX_SAMPLES = samples(2.0)
"""So much clear voice without a word is read again by itself."""
REMAINDER_SAMPLES = samples(0.35)
"""Voice after the last committed word that a pass at a pause must have words for."""
GROWTH_REMAINDER_SAMPLES = samples(0.8)
SOUND_MIN_SAMPLES = samples(0.16)
"""Less clear voice than this, after everything was committed, is a click, a rustle or a cough."""
CLEAR_MIN_SAMPLES = samples(0.25)
"""With less clear voice, what a segment begins with unsurely must be heard without its context, too."""
DOUBTFUL = 0.2
"""Mean probability of a word's tokens; a segment does not begin with nothing but less probable words."""
EMPTY_MAX_SAMPLES = samples(1.0)
"""Longer speech without any text is read again, and then reported."""

PassKind = Literal["growth", "breath", "rest", "final"]


class SegmentReader:
    """State of one open segment. `rate` gives committed words their confidence."""

    rate: Rate = staticmethod(rated)

    def __init__(
        self,
        whisper: Whisper,
        language: Language,
        keyterms: tuple[str, ...],
        start_sample: int,
        window: Window | None = None,
    ) -> None:
        """`window`: that of the segment before, which goes on with this one."""
        self._whisper = whisper
        self._language: Language = language
        self._keyterms = keyterms
        self.window = window or Window(whisper, language, keyterms, start_sample)
        self.window.go_on(start_sample)
        self._voice = VoiceTrace(start_sample)
        self._tail: list[Candidate] = []
        self._has_said = False
        self.said_sample = start_sample
        """End of the last committed word."""
        self._whole_sample: int | None = None
        """Everything heard before here is committed; None where it is not so."""
        self._held: tuple[Reading, Sequence[AlignedWord], int] | None = None
        """What the pass at a pause heard and did not commit, and where the voice had ended."""

    @property
    def end_sample(self) -> int:
        """End of the audio."""
        return self.window.end_sample

    def hear(self, pcm: Pcm, voice: Sequence[float]) -> None:
        """Takes the audio that follows, float32 (n,), and the probabilities of its windows."""
        self.window.hear(pcm)
        self._voice.extend(voice)

    def take(self, kind: PassKind, voice_end_sample: int) -> Heard:
        """The next pass; the voice ended at `voice_end_sample`, if silence follows."""
        match kind:
            case "growth":
                return self.grow()
            case "breath":
                return self.breathe(voice_end_sample)
            case "rest":
                return self.rest()
            case "final":
                return self.finish(voice_end_sample)

    def grow(self) -> Heard:
        """A pass while somebody speaks."""
        self._whole_sample = self._held = None
        reading = self._read(self.end_sample, GROWTH_REMAINDER_SAMPLES, beam=OPEN_BEAM)
        if not self._is_sound(reading) or reading.is_empty or self._is_invented(reading, is_open=True):
            return self._bounded(Heard())
        words = self._words(reading)
        if self._is_doubtful(words):
            return self._bounded(Heard())
        self._tail = candidates(words, self._tail)
        count = min(ready(words, self._tail, self.end_sample, is_pause=False), self._before_unsaid(words))
        return self._bounded(self._commit(reading, words, count)[0])

    def breathe(self, voice_end_sample: int) -> Heard:
        """A pass where a pause begins; the voice ended at `voice_end_sample`."""
        if self._is_whole():
            return Heard()
        self._whole_sample = self._held = None
        reading = self._read(voice_end_sample, REMAINDER_SAMPLES, beam=OPEN_BEAM)
        if not self._is_sound(reading) or self._is_invented(reading):
            return Heard()
        words = self._words(reading)
        if self._is_doubtful(words):
            return Heard()
        self._tail = candidates(words, self._tail)
        count = min(ready(words, self._tail, self.end_sample, is_pause=True), self._before_unsaid(words))
        heard, rest = self._commit(reading, words, count)
        if reading.is_empty and self._waits(voice_end_sample) > EMPTY_MAX_SAMPLES:
            return heard
        if count < len(words):
            self._held = (rest, words[count:], voice_end_sample)
        else:
            self._settle(voice_end_sample)
        return heard

    def rest(self) -> Heard:
        """The pause goes on: what the pass at its beginning heard is committed, at no cost."""
        if self._held is None:
            return Heard()
        (reading, words, voice_end_sample), self._held = self._held, None
        heard, _ = self._commit(reading, words, self._before_unsaid(words))
        if not self._tail:
            self._settle(voice_end_sample)
        return heard

    def _settle(self, voice_end_sample: int) -> None:
        """Everything heard is committed: nothing need be read again unless somebody goes on."""
        if self._is_unsaid(self.said_sample, voice_end_sample):
            return
        self._whole_sample = self.end_sample
        self.window.bound()

    def finish(self, voice_end_sample: int) -> Heard:
        """The last pass."""
        if self._is_whole():
            return Heard()
        reading = self._read(voice_end_sample, REMAINDER_SAMPLES, beam=FINAL_BEAM)
        if not self._is_sound(reading) or (reading.is_empty and self._waits(voice_end_sample) > EMPTY_MAX_SAMPLES):
            self.window.renew(self.said_sample)
            reading = self.window.read(voice_end_sample, full_window=True)
        if not self._is_sound(reading) or reading.is_empty or self._is_invented(reading):
            return self._nothing(reading, voice_end_sample)
        words = self._words(reading)
        if self._is_doubtful(words):
            return self._nothing(reading, voice_end_sample)
        return self._commit_all(reading, words, voice_end_sample)

    # --- reading ------------------------------------------------------------------------------------------------

    def _read(self, voice_end_sample: int, remainder_samples: int, *, beam: int) -> Reading:
        """Reads the window; anew from the last committed word where the prefix misleads the decoder."""
        reading = self.window.read(voice_end_sample, beam=beam)
        misled = reading.is_empty or not self._is_sound(reading)
        misled = misled and self._waits(voice_end_sample) >= remainder_samples
        if self.window.has_prefix and (misled or self._needs_proof(reading)):
            self.window.renew(self.said_sample)
            reading = self.window.read(voice_end_sample, beam=beam)
        if not self._has_said and guard.is_echo(reading.text, self._keyterms):
            # In noise the decoder says what it was told to expect: ask again without.
            reading = self.window.read(voice_end_sample, beam=beam, with_keyterms=False)
        return reading

    def _words(self, reading: Reading) -> tuple[AlignedWord, ...]:
        return self.window.words(reading, self.said_sample)

    @property
    def _open_sample(self) -> int:
        """Where the audio begins that has no committed word yet."""
        return max(self.window.start_sample, self.said_sample)

    def _waits(self, voice_end_sample: int) -> int:
        """Samples of audio after the last committed word, up to the end of the voice."""
        return voice_end_sample - self._open_sample

    # --- judging ------------------------------------------------------------------------------------------------

    def _is_sound(self, reading: Reading) -> bool:
        seconds = max(0, self.end_sample - self._open_sample) / SAMPLE_RATE
        return (
            not reading.is_cut_off
            and not guard.is_loop(self.window.text_with(reading))
            and not guard.is_hasty(reading.text, seconds)
        )

    def _is_whole(self) -> bool:
        """Everything is committed, and what came since is too short to be a word."""
        if self._whole_sample is None:
            return False
        return self._voice.voiced_samples(self._whole_sample, None, guard.VOICE_MIN) < SOUND_MIN_SAMPLES

    def _is_invented(self, reading: Reading, *, is_open: bool = False) -> bool:
        """`is_open`: while somebody speaks, a phrase that Whisper says in silence must wait for the next pass."""
        voice = 0.0 if is_open else self._voice.mean(self._open_sample)
        if self._has_said:
            is_stock = guard.is_stock_phrase(reading.text, self._language)
            return guard.is_credit(reading.text) or (is_stock and voice < guard.VOICE_MIN)
        return guard.is_invented(reading.text, self._language, voice, reading.logprob, reading.no_speech)

    def _needs_proof(self, reading: Reading) -> bool:
        """A segment must not begin with what only the context makes likely: after speech noise becomes words."""
        voiced = self._voice.voiced_samples(self._open_sample, None, guard.VOICE_MIN)
        is_likely = reading.logprob >= guard.LOGPROB_MIN or voiced >= CLEAR_MIN_SAMPLES
        is_stock = guard.is_stock_phrase(reading.text, self._language)
        return not self._has_said and not reading.is_empty and (is_stock or not is_likely)

    def _is_doubtful(self, words: Sequence[AlignedWord]) -> bool:
        """Nothing but words that the audio hardly bears out, as in music: none of them is said."""
        return not self._has_said and all(word.confidence < DOUBTFUL for word in words)

    def _is_unsaid(self, start_sample: int, end_sample: int) -> bool:
        """Clear voice, and enough of it, where no word is."""
        return self._voice.voiced_samples(start_sample, end_sample, guard.VOICE_MIN) > UNSAID_MAX_SAMPLES

    def _before_unsaid(self, words: Sequence[AlignedWord]) -> int:
        """How many words stand before the first stretch of speech that has none."""
        end = self._open_sample
        for index, word in enumerate(words):
            if self._is_unsaid(end, word.start_sample):
                return index
            end = word.end_sample
        return len(words)

    # --- committing ---------------------------------------------------------------------------------------------

    def _commit(self, reading: Reading, words: Sequence[AlignedWord], count: int) -> tuple[Heard, Reading]:
        """Commits the first words; gives what the pass brought, and what remains of the reading."""
        committed, waiting = words[:count], words[count:]
        agreed, self._tail = self._tail[:count], self._tail[count:]
        if committed:
            self._has_said = True
            self.said_sample = max(self.said_sample, committed[-1].end_sample)
            reading = self.window.keep(reading, committed, is_all=not waiting)
        return Heard(self.rate(committed, agreed), " ".join(word.text for word in waiting)), reading

    def _commit_all(self, reading: Reading, words: Sequence[AlignedWord], voice_end_sample: int) -> Heard:
        """Commits every word; stretches of speech without words are read by themselves."""
        said: list[RecognisedWord] = []
        gaps: list[Gap] = []
        end = self._open_sample
        starts = [*(word.start_sample for word in words), voice_end_sample]
        rates = [*self.rate(words, candidates(words, self._tail)), None]
        for start_sample, word in zip(starts, rates, strict=True):
            if self._is_unsaid(end, start_sample):
                found = self._again(end, start_sample)
                said += found
                if not found:
                    gaps.append(Gap(end, start_sample))
            if word is not None:
                said.append(word)
                end = word.end_sample
        self._has_said = self._has_said or bool(said)
        self.said_sample = max([self.said_sample, *(word.end_sample for word in said)])
        self._tail = []
        if gaps or len(said) > len(words):
            self.window.renew(self.end_sample)  # its text has a hole, which would mislead the next segment
        else:
            self.window.keep(reading, words, is_all=True)
        return Heard(tuple(said), "", tuple(gaps))

    def _again(self, start_sample: int, end_sample: int) -> tuple[RecognisedWord, ...]:
        """The words of a stretch of the window that was passed over."""
        reader = SegmentReader(self._whisper, self._language, (), start_sample)
        pcm = self.window.between(start_sample, end_sample)
        reading = self._whisper.read(pcm, self._language)
        reader.hear(pcm, self._voice.between(start_sample, end_sample))
        if not reader._is_sound(reading) or reading.is_empty or reader._is_invented(reading):
            return ()
        return self.rate(reader._words(reading))

    def _nothing(self, reading: Reading, voice_end_sample: int) -> Heard:
        """Long and clear speech without a text that can be believed is a gap, not nothing."""
        start = self._open_sample
        waits = voice_end_sample - start
        is_clear = self._voice.mean(start) > guard.VOICE_MIN
        if self._is_sound(reading):
            is_gap = waits > 2 * EMPTY_MAX_SAMPLES and is_clear
        else:
            is_gap = waits > EMPTY_MAX_SAMPLES or is_clear
        self._tail = []
        self.window.renew(self.end_sample)
        return Heard(gaps=(Gap(start, voice_end_sample),) if is_gap and voice_end_sample > start else ())

    def _bounded(self, heard: Heard) -> Heard:
        """Keeps the window short where nobody pauses."""
        if self.end_sample - self._open_sample <= OPEN_MAX_SAMPLES:
            self.window.bound()
            return heard
        # Nothing could be committed in all that time: what can be believed of it is said, the rest is a gap.
        last = self.finish(self.end_sample)
        return Heard(heard.words + last.words, "", last.gaps)
