"""A fitted model of the course of many series, judged."""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.panel.course.held import Held
from nde.cli.panel.course.scores import Course, course_baselines, course_scores
from nde.cli.panel.fitted import Fitted
from nde.cli.panel.names import IMPUTE
from nde.data.panel import TimeSeries


class CourseDone(Fitted):
    """A fitted model of the course of many series, judged."""

    @property
    def test(self) -> Held:
        """What was kept from the model."""
        return self.data.held["test"]

    @cached_property
    def said(self) -> dict[str, list[Course]]:
        """What the model says where something was kept from it."""
        return {name: courses(self.model, held.seen, held.times) for name, held in self.data.held.items()}

    @cached_property
    def scores(self) -> dict[str, dict[str, Any]]:
        """How good that is."""
        return {name: course_scores(held, self.said[name], self.data.panel) for name, held in self.data.held.items()}

    @cached_property
    def baselines(self) -> dict[str, dict[str, Any]]:
        """How good on the test part is what needs no differential equation."""
        return course_baselines(self.test, self.data.panel, self.data.task)

    @property
    def imputes(self) -> bool:
        """Whether gaps were filled."""
        return self.data.task == IMPUTE


def courses(model: Any, panel: TimeSeries, times: list[Float[np.ndarray, " _"]]) -> list[Course]:
    """What an estimator says of each series, at times of its own, which are after its end if it forecasts."""
    longest = max(len(each) for each in times)
    together = np.stack([np.pad(each, (0, longest - len(each)), "edge") for each in times])
    ask = model.impute if hasattr(model, "impute") else model.predict
    said = np.asarray(ask(panel, together), np.float64)
    return [each[: len(own)] for each, own in zip(said, times, strict=True)]
