"""All kinds of runs with many series."""

from nde.cli.panel.course.done import CourseDone
from nde.cli.panel.done import Done
from nde.cli.panel.generate.done import GeneratedDone
from nde.cli.panel.job import Job
from nde.cli.panel.names import GENERATE

Finished = Done | CourseDone | GeneratedDone
"""A fitted model, judged as its job wants it."""


def kind_of(job: Job) -> type[Finished]:
    """Which kind a job is of."""
    if job.task == GENERATE:
        return GeneratedDone
    return CourseDone if job.target is None else Done
