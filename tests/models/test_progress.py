from __future__ import annotations

import io

from colloque.models.progress import Step, TerminalProgress, silent

MB = 1_000_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def downloading(done_mb: float) -> Step:
    return Step("whisper-base", "downloading", "a wheel", int(done_mb * MB), 66 * MB)


def test_a_log_gets_a_line_for_each_tenth() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = TerminalProgress(stream, clock)
    for hundredth in range(101):
        clock.now += 1
        progress(downloading(0.66 * hundredth))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "whisper-base: downloading a wheel    0 %  0.0 of 66.0 MB"
    assert lines[5] == "whisper-base: downloading a wheel   50 %  33.0 of 66.0 MB"
    assert lines[-1] == "whisper-base: downloading a wheel  100 %  66.0 of 66.0 MB"
    assert len(lines) == 11


def test_at_most_five_lines_a_second() -> None:
    for stream in (io.StringIO(), Terminal()):
        clock = Clock()
        progress = TerminalProgress(stream, clock)
        for hundredth in range(1, 100):
            clock.now += 0.01
            progress(downloading(0.66 * hundredth))
        assert stream.getvalue().count(" MB") <= 6


def test_a_terminal_gets_one_line_that_is_written_over() -> None:
    stream, clock = Terminal(), Clock()
    progress = TerminalProgress(stream, clock)
    for step in (downloading(1), downloading(33), downloading(66), Step("whisper-base", "ready")):
        clock.now += 1
        progress(step)
    lines = stream.getvalue().split("\n")
    assert len(lines) == 3
    assert lines[0].count("\r") == 3
    assert lines[1] == "\rwhisper-base: ready"


def test_a_shorter_line_leaves_nothing_of_the_longer_one() -> None:
    stream = Terminal()
    progress = TerminalProgress(stream, Clock())
    progress(downloading(1))
    progress(Step("whisper-base", "building", "x"))
    longer, shorter = stream.getvalue().split("\r")[1:]
    assert len(shorter) == len(longer)
    progress.close()
    progress.close()
    assert stream.getvalue().endswith(" \n")


def test_the_end_of_a_step_is_shown_once() -> None:
    stream = io.StringIO()
    progress = TerminalProgress(stream, Clock())
    for _ in range(3):
        progress(downloading(66))
    assert stream.getvalue().count("100 %") == 1


def test_small_files_need_no_numbers() -> None:
    stream = io.StringIO()
    TerminalProgress(stream, Clock())(Step("whisper-base", "assembling", "config.json", 10, 2_000))
    assert stream.getvalue() == "whisper-base: assembling config.json\n"


def test_silence_is_possible() -> None:
    silent(downloading(1))
