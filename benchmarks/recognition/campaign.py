"""All measurements of one call, in an order that treats systems alike."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.recognition.measuring import Measurement, measure
from benchmarks.recognition.preparing import Prepared
from benchmarks.recognition.report import holds
from benchmarks.recognition.results import Row, append, measured_row, offline_row, surroundings
from benchmarks.recognition.stream import Stream
from benchmarks.recognition.systems.colloque import Colloque
from benchmarks.recognition.systems.system import System, SystemFailed
from benchmarks.recognition.systems.whisper_streaming import WhisperStreaming
from benchmarks.recognition.systems.whisperlivekit import WhisperLiveKit

SYSTEMS = ("colloque", "whisper_streaming", "whisperlivekit-localagreement", "whisperlivekit-alignatt")


class Campaign:
    """Runs go round: each run measures every language, and for each language every system."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Takes the options of `__main__`. Raises `SystemFailed` where a system is not there."""
        self._options = options
        self._systems = [_make(name, options) for name in options.systems]
        self._about = surroundings(options.model)
        self._offline_wer: dict[str, float] = {}
        self._rows: list[Row] = []

    async def run(self, prepared: Sequence[Prepared]) -> list[Row]:
        """Measures everything, and appends a row for each measurement as soon as there is one. All rows."""
        languages = list(dict.fromkeys(one.stream.language for one in prepared))
        for language in languages:
            row = offline_row(language, [one for one in prepared if one.stream.language == language])
            self._offline_wer[language] = row["wer"]
            self._write(row)
        streams = {name: [one.stream for one in prepared if one.stream.language == name] for name in languages}
        for run in range(self._options.runs):
            for language in languages if not self._options.only_load else ():
                for system in self._systems:
                    await self._one_at_a_time(system, streams[language], run)
        if self._options.load:
            language = self._options.load_language or languages[0]
            for system in self._systems:
                await self._loads(system, streams[language])
        return self._rows

    async def _one_at_a_time(self, system: System, streams: Sequence[Stream], run: int) -> None:
        language = streams[0].language
        about = {"kind": "streams", "system": system.name, "language": language, "run": run}
        try:
            measurements = [await self._measure(system, [stream]) for stream in streams]
        except SystemFailed as failure:
            self._write({**about, "failed": str(failure)})
            return
        self._write({**about, **self._row(measurements, language)})

    async def _loads(self, system: System, streams: Sequence[Stream]) -> None:
        """Rising loads, until one is not held."""
        language = streams[0].language
        for count in sorted(self._options.load):
            rows: list[Row] = []
            for run in range(self._options.runs):
                about = {"kind": "load", "system": system.name, "language": language, "run": run, "at_once": count}
                try:
                    chosen = [streams[place % len(streams)] for place in range(count)]
                    measurement = await self._measure(system, chosen)
                except SystemFailed as failure:
                    self._write({**about, "failed": str(failure)})
                    return
                rows.append({**about, **self._row([measurement], None)})
                self._write(rows[-1])
            if not holds(rows):
                return

    async def _measure(self, system: System, streams: Sequence[Stream]) -> Measurement:
        print(f"{system.name}: {', '.join(stream.name for stream in streams)}", file=sys.stderr, flush=True)
        try:
            return await measure(system, streams, self._options.drain)
        except* SystemFailed as failures:
            failure: BaseException = failures
            while isinstance(failure, BaseExceptionGroup):
                failure = failure.exceptions[0]
            raise failure from None

    def _row(self, measurements: Sequence[Measurement], language: str | None) -> Row:
        offline_wer = self._offline_wer.get(language) if language else None
        return measured_row(measurements, offline_wer, keep_text=self._options.keep_text)

    def _write(self, row: Row) -> None:
        self._rows.append({**row, **self._about})
        append(self._options.out, self._rows[-1])


def _make(name: str, options: argparse.Namespace) -> System:
    makers: dict[str, Callable[[], System]] = {
        "colloque": lambda: Colloque(shlex.split(options.command)) if options.command else Colloque(),
        "whisper_streaming": lambda: WhisperStreaming(
            _needed(options.whisper_streaming, "--whisper-streaming"),
            options.model,
            options.whisper_streaming_python,
            options.compute_type,
        ),
        "whisperlivekit-localagreement": lambda: WhisperLiveKit(
            _needed(options.whisperlivekit_bin, "--whisperlivekit-bin"), options.model, "localagreement"
        ),
        "whisperlivekit-alignatt": lambda: WhisperLiveKit(
            _needed(options.whisperlivekit_bin, "--whisperlivekit-bin"), options.model, "alignatt"
        ),
    }
    return makers[name]()


def _needed(value: Path | None, option: str) -> Path:
    if value is None:
        raise SystemFailed(f"{option} must say where the system is: docs/benchmarks.md tells how to get it")
    return value
