"""The folder of a run: what is in it, and how it is written."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nde.cli.figures import with_literal_dollars
from nde.cli.panels.config import FILE
from nde.cli.report import render
from nde.cli.task import Result

CHECKPOINTS = "checkpoints"
"""Where the checkpoints of a run are that is not finished."""
METRICS = "metrics.json"


def write(folder: Path, name: Path, result: Result) -> None:
    """Write a run. All files are complete before the first has its name; the last, `metrics.json`, tells that all are.

    Args:
        folder: Where to write.
        name: The name that the folder will have.
        result: What to write.
    """
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as draft_name:
        draft = Path(draft_name)
        result.save(draft)
        for file, figure in result.figures().items():
            with_literal_dollars(figure).savefig(draft / file)
        (draft / "report.html").write_text(render(result.report(name), draft), encoding="utf-8")
        file, text = result.predictions()
        (draft / file).write_text(text, encoding="utf-8", newline="")
        (draft / METRICS).write_text(json.dumps(result.metrics(), indent=2) + "\n", encoding="utf-8")
        for new in sorted(draft.iterdir(), key=lambda path: path.name == METRICS):
            _replace(new, folder / new.name)


def _replace(new: Path, old: Path) -> None:
    """Move a file or folder to where another may be, which an earlier attempt left."""
    if old.is_dir():
        shutil.rmtree(old)
    new.replace(old)


def rescue(folder: Path, results: Mapping[Path, Result]) -> str:
    """Write runs, which cannot be written where they should be, into the folder of temporary files.

    Args:
        folder: The folder that was to hold all of them.
        results: What to write, by folder.

    Returns:
        A sentence that says where they are.
    """
    try:
        other = Path(tempfile.mkdtemp(prefix=f"nde-{folder.name}-"))
        for path, result in results.items():
            write(other / path.relative_to(folder), other / path.relative_to(folder), result)
    except OSError:
        return "It cannot be written into the folder of temporary files either; set TMPDIR to one with space."
    return f"It was written to {other} instead."


def is_panel_run(folder: Path) -> bool:
    """Whether a folder holds a run with many series, finished or not."""
    return (folder / FILE).is_file()
