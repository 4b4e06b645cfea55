"""Write a training log as JSON lines."""

import contextlib
import json
import math
import time
import warnings
from pathlib import Path
from typing import IO, Any

from nde.train.history import Row


class Log:
    """A log file with a header and one JSON line for each logged step.

    The header holds versions and settings. When training resumes, lines after the resumed step are removed. If the disk
    is full, there is a warning, and no more lines are written.

    Args:
        file: The file to write.
        every: Steps between two lines. The first step and steps with a validation are always logged.
        config: The contents of the header.
        done: The number of steps completed before.
        seconds: The time they took.
    """

    def __init__(self, file: Path, *, every: int, config: dict[str, Any], done: int, seconds: float) -> None:
        self._every, self._start_time = every, time.perf_counter() - seconds
        previous = _lines_up_to(file, done) if done else []
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f"{file.name}.part")
        temporary.write_text("".join(previous or [json.dumps(config) + "\n"]), encoding="utf-8")
        temporary.replace(file)
        self._file: IO[str] = file.open("a", encoding="utf-8", buffering=1)

    def write(self, row: Row) -> None:
        """Write the line of a step if the step is to be logged."""
        if self._file.closed:
            return
        if row["step"] % self._every == 0 or "validation" in row or row["step"] == 1:
            line = {**row, "seconds": round(time.perf_counter() - self._start_time, 3)}
            finite = {name: value if math.isfinite(value) else None for name, value in line.items()}
            self._write_line(json.dumps(finite))

    def _write_line(self, line: str) -> None:
        try:
            self._file.write(f"{line}\n")
        except OSError as error:
            self.close()
            warnings.warn(
                f"The log '{self._file.name}' could not be written: {error.strerror or error}. Training continues "
                "without it.",
                RuntimeWarning,
                stacklevel=2,
            )

    def close(self) -> None:
        """Close the file."""
        # Closing writes again what could not be written before.
        with contextlib.suppress(OSError):
            self._file.close()


def _lines_up_to(file: Path, done: int) -> list[str]:
    """Read the lines up to a step, without an incomplete last line."""
    if not file.exists():
        return []
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n") or json.loads(line).get("step", 0) > done:
            break
        lines.append(line)
    return lines
