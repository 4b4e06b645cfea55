"""The main job for many series: a model fitted, judged, and written down."""

import shutil
import time
from pathlib import Path

from rich.table import Table as Grid

from nde.cli.console import bar, note
from nde.cli.folder import check_new, new_folder
from nde.cli.panel import methods
from nde.cli.panel.finished import Finished, kind_of
from nde.cli.panel.generate.done import GeneratedDone
from nde.cli.panel.generate.tables import table_of_generated
from nde.cli.panel.job import Job
from nde.cli.panel.prepared import Prepared, prepared
from nde.cli.panel.tables import table_of_scores
from nde.cli.panel.write import write
from nde.cli.stopping import StoppedError
from nde.data import DataError
from nde.train import TrainingError


def run(job: Job, folder: Path) -> Finished:
    """Fits, judges, writes and prints.

    Args:
        job: What to do.
        folder: Where to write; must not exist.

    Raises:
        DataError: If the job makes no sense; then nothing was written.
        StoppedError: If it was interrupted; then the run can go on.
    """
    check_new(folder)
    data = prepared(job)
    with new_folder(folder) as draft:
        job.write(draft)
    try:
        return go_on(job, folder, data)
    except DataError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def go_on(job: Job, folder: Path, data: Prepared | None = None) -> Finished:
    """The same in a folder that is there already, from its last checkpoint on.

    Args:
        job: What to do.
        folder: Of the run.
        data: Of the job, if they were read already.

    Raises:
        DataError: If the job makes no sense.
        StoppedError: If it was interrupted; then the run can go on.
    """
    try:
        data = prepared(job) if data is None else data
        _tell_data(data)
        done = _fitted(job, folder, data)
        note(_table(done))
        write(folder, done)
        # From here on the model is all that is wanted.
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    except KeyboardInterrupt:
        raise StoppedError(f"Stopped; `nde fit --resume {folder}` goes on.") from None
    note(f"\nreport: {folder / 'report.html'}\n")
    return done


def _fitted(job: Job, folder: Path, data: Prepared) -> Finished:
    begun = time.perf_counter()
    parts = data.parts
    with bar(job.model, job.steps or 1) as progress:
        model = methods.estimator(job, data.task, folder, progress)
        try:
            model.fit(parts.train, **({} if parts.validation is None else {"validation": parts.validation}))
        except TrainingError as error:
            raise DataError(f"The model {job.model} cannot be trained. {error}") from None
    return kind_of(job)(job, folder, data, model, time.perf_counter() - begun)


def _table(done: Finished) -> Grid:
    return table_of_generated(done) if isinstance(done, GeneratedDone) else table_of_scores(done)


def _tell_data(data: Prepared) -> None:
    sizes = ", ".join(f"{len(part)} series to {name}" for name, part in data.parts.named().items())
    note(f"{sizes}; {len(data.panel.channels)} channels")
    for remark in data.remarks:
        note(f"- {remark}")
