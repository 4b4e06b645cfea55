"""A fitted model of the law of many series, judged."""

import dataclasses
from functools import cached_property
from typing import Any

import numpy as np

from nde.cli.panel.fitted import Fitted
from nde.cli.panel.generate.baseline import WALK, random_walks
from nde.data.panel import TimeSeries
from nde.metrics import Comparison, compare_series

REAL = "real, train"
"""What the series that train score, taken for generated ones: no model can do better but by chance."""
_LEAST, _MOST = 200, 1000
"""Series that are generated to be judged."""
_ENOUGH = 20
"""Series of the test part that can stand for the data."""


class GeneratedDone(Fitted):
    """A fitted model of the law of many series, judged."""

    @property
    def judged_by_test(self) -> bool:
        """Whether there are enough series for the test; without, those that train are what others are compared with."""
        return len(self.data.parts.test) >= _ENOUGH

    @property
    def real(self) -> TimeSeries:
        """The series that generated ones are compared with."""
        return self.data.parts.test if self.judged_by_test else self.data.parts.train

    @cached_property
    def samples(self) -> TimeSeries:
        """Generated series, observed when and as often as real ones were."""
        found = self.model.sample(len(self._like), times=self._times, random_state=self.job.seed)
        return observed_as(found, self._like)

    @cached_property
    def walks(self) -> TimeSeries:
        """Those of the baseline, likewise."""
        return observed_as(random_walks(self.data.parts.train, self._times, self.job.seed), self._like)

    @cached_property
    def comparisons(self) -> dict[str, Comparison]:
        """How far from real series are those of the model, of the data themselves, and of the baseline."""
        others = {self.job.model: self.samples, WALK: self.walks}
        if self.judged_by_test:
            others[REAL] = self.data.parts.train
        held = None if self.judged_by_test else self.data.parts.test
        return {name: compare_series(self.real, panel, holdout=held) for name, panel in others.items()}

    @cached_property
    def scores(self) -> dict[str, dict[str, Any]]:
        """The same as JSON can hold it, of the model."""
        return {"test": self.comparisons[self.job.model].to_dict()}

    @cached_property
    def baselines(self) -> dict[str, dict[str, Any]]:
        """The same of the others."""
        return {name: each.to_dict() for name, each in self.comparisons.items() if name != self.job.model}

    @cached_property
    def _like(self) -> TimeSeries:
        count = min(_MOST, max(_LEAST, len(self.real)))
        return self.real[np.arange(count) % len(self.real)]

    @cached_property
    def _times(self) -> list[np.ndarray]:
        return [series.ts - series.ts[0] for series in self._like]


def observed_as(panel: TimeSeries, other: TimeSeries) -> TimeSeries:
    """Series without what was not observed of others, one by one, which have as many rows."""
    return dataclasses.replace(panel, ys=np.where(other.observed, panel.ys, np.nan))
