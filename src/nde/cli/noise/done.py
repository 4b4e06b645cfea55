"""What came out of a job for equations with noise."""

import dataclasses

import jax
import numpy as np

from nde.cli.noise.job import Job
from nde.cli.noise.verdict import Verdict
from nde.data import Fan, Table

WALK = "random-walk"
"""What any model has to beat."""
_CURVE, _PATHS = 60, 8000
"""Points of a fan in a picture, and paths behind it."""
_BEYOND = 0.2
"""The length of a fan, as a share of what was fitted, if nothing is held out."""
_SHOWN = 3
"""Series in a picture."""


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A number that was learned.

    Attributes:
        value: In units of the data.
        standard_error: Of the value; none if the data do not identify it.
        meaning: What it means.
        truth: What it is in truth, if that is known.
    """

    value: float
    standard_error: float | None
    meaning: str
    truth: float | None

    @property
    def distance(self) -> float | None:
        """From the truth, in standard errors."""
        if self.truth is None or not self.standard_error:
            return None
        return (self.value - self.truth) / self.standard_error


@dataclasses.dataclass(frozen=True)
class Done:
    """A job done.

    Attributes:
        job: What was to do.
        fitted: The rows fitted, for each series.
        held: The rows held out; empty without any.
        verdicts: For each model, and the random walk at last.
        best: The model with the greatest merit.
    """

    job: Job
    fitted: dict[str, Table]
    held: dict[str, Table]
    verdicts: dict[str, Verdict]
    best: str

    def parameters(self, name: str) -> dict[str, Parameter]:
        """Those of a model."""
        found = self.verdicts[name]
        errors = {} if found.fit is None else found.fit.standard_errors
        truth = self.job.truth if name == "sde-ou" else {}
        return {
            key: Parameter(value, errors.get(key), meaning, truth.get(key))
            for key, (value, meaning) in found.model.parameters().items()
        }

    def fans(self) -> dict[str, Fan]:
        """Those of the best model from the last rows fitted on, fine enough for a picture, of the first few series."""
        shown = list(self.fitted)[:_SHOWN]
        ts = []
        for name in shown:
            fitted, held = self.fitted[name], self.held.get(name)
            end = fitted.ts[-1] + _BEYOND * (fitted.ts[-1] - fitted.ts[0]) if held is None else held.ts[-1]
            ts.append(np.linspace(fitted.ts[-1], end, _CURVE))
        model, key = self.verdicts[self.best].model, jax.random.key(self.job.seed)
        found = model.fan([self.fitted[name] for name in shown], ts, key=key, paths=_PATHS)
        return dict(zip(shown, found, strict=True))
