"""The data of a run, and what was said about them."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from nde.cli.panel.course.apart import few_apart, judged_apart
from nde.cli.panel.course.held import Held
from nde.cli.panel.generate.windows import USUAL_WINDOW, windows_in_time, windows_of_each
from nde.cli.panel.job import Job
from nde.cli.panel.names import CLASSES, GENERATE
from nde.cli.panel.parts import LEAST, Parts, parts_at_random, parts_by_column
from nde.cli.panel.task import task_of
from nde.data import PanelFile, drop_observations, read_panel
from nde.data.panel import TimeSeries
from nde.data.panel.notes import quote_names


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """The data of a run, and what was said about them.

    Attributes:
        parts: The series to train on and to test with.
        task: What the target is, or what is done without one.
        remarks: What was done to the data, and what is odd about them.
        held: Without a target what is kept from the model to judge it, of each part of which something can be.
    """

    parts: Parts
    task: str
    remarks: tuple[str, ...]
    held: Mapping[str, Held] = dataclasses.field(default_factory=dict)

    @property
    def panel(self) -> TimeSeries:
        """The series that train."""
        return self.parts.train


def prepared(job: Job) -> Prepared:
    """Reads the data of a job.

    Raises:
        DataError: If they are not what the job wants.
    """
    labels = [] if job.split is None else [job.split]
    read = read_panel(
        job.file, job.series, job.time, list(job.channels) or None, list(job.static), job.target, labels=labels
    )
    if job.task == GENERATE:
        return _of_laws(job, read)
    if job.target is None:
        return _of_courses(job, read)
    task, said = task_of(_targets(read.panel), job.target, job.task)
    parts = _parts(job, read, task == CLASSES)
    remarks = [*read.notes, *said]
    if job.drop:
        parts = _dropped(parts, job)
        remarks.append(_told_drop(job))
    if task == CLASSES:
        remarks += _of_classes(parts)
    return Prepared(parts, task, tuple(remarks))


def _of_courses(job: Job, read: PanelFile) -> Prepared:
    """The same where the series themselves are to be predicted."""
    remarks = list(read.notes)
    if job.split is None and len(read.panel) < LEAST:
        parts, held, said = few_apart(_thinned(read.panel, job), job.course, job.seed)
    else:
        parts, held, said = judged_apart(_dropped(_parts(job, read, False), job), job.course, job.seed)
    if job.drop:
        remarks.append(_told_drop(job))
    return Prepared(parts, job.course, (*remarks, *said), held)


def _of_laws(job: Job, read: PanelFile) -> Prepared:
    """The same where series like these are to be generated."""
    remarks = list(read.notes)
    if job.split is None and len(read.panel) < LEAST:
        parts, said = windows_in_time(read.panel, job.window or USUAL_WINDOW)
    else:
        parts, said = windows_of_each(_parts(job, read, False), job.window)
    remarks += said
    if job.drop:
        parts = _dropped(parts, job)
        remarks.append(_told_drop(job))
    return Prepared(parts, GENERATE, tuple(remarks))


def _parts(job: Job, read: PanelFile, classes: bool) -> Parts:
    if job.split is not None:
        return parts_by_column(read.panel, read.labels[job.split], job.split)
    return parts_at_random(read.panel, classes, job.seed)


def _dropped(parts: Parts, job: Job) -> Parts:
    """Each part without some observations; no part loses those of another's draw."""
    validation = parts.validation
    return Parts(
        drop_observations(parts.train, job.drop, seed=3 * job.seed),
        None if validation is None else drop_observations(validation, job.drop, seed=3 * job.seed + 2),
        drop_observations(parts.test, job.drop, seed=3 * job.seed + 1),
    )


def _thinned(panel: TimeSeries, job: Job) -> TimeSeries:
    return drop_observations(panel, job.drop, seed=3 * job.seed)


def _told_drop(job: Job) -> str:
    return f"{100 * job.drop:g} % of the observations of each series were dropped at random."


def _targets(panel: TimeSeries) -> np.ndarray:
    return np.empty(0) if panel.targets is None else panel.targets


def _of_classes(parts: Parts) -> list[str]:
    """What is said about classes that are not in both parts, or hardly in any."""
    train, test = np.unique_counts(_targets(parts.train)), np.unique(_targets(parts.test))
    single = train.values[train.counts == 1]
    unlearned, untested = np.setdiff1d(test, train.values), np.setdiff1d(train.values, test)
    said = []
    if single.size:
        said.append(f"{_of_classes_named(single)} a single series to train on.")
    if untested.size:
        said.append(
            f"{_of_classes_named(untested)} no series in the test part: how well the model finds it is not known."
        )
    if unlearned.size:
        said.append(f"{_of_classes_named(unlearned)} no series to train on: those of the test part cannot be right.")
    return said


def _of_classes_named(values: np.ndarray) -> str:
    return (
        f"Class {quote_names(values.tolist())} has"
        if len(values) == 1
        else f"Classes {quote_names(values.tolist())} have"
    )
