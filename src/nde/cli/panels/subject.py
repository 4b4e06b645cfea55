"""What a target is predicted of: series, or rows without times."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.report import Section
from nde.data.panel import TimeSeries

Outputs = Float[np.ndarray, "series outputs"]


class AbstractSubject(abc.ABC):
    """What a target is predicted of.

    Attributes:
        one: What one is called.
        every: What several are called.
        linear: What the linear model among the baselines is fitted to.
    """

    one: str
    every: str
    linear: str

    @abc.abstractmethod
    def classifier(self, model: str, **settings: Any) -> Any:
        """An estimator of classes that is not fitted yet."""

    @abc.abstractmethod
    def regressor(self, model: str, **settings: Any) -> Any:
        """An estimator of numbers that is not fitted yet."""

    @abc.abstractmethod
    def features(self, samples: TimeSeries) -> Float[np.ndarray, "series features"]:
        """Samples as the baselines see them."""

    @abc.abstractmethod
    def examine(self, result: Any) -> Any:
        """What else to find out about a fitted model, for the following methods.

        Args:
            result: The result, an `AbstractTargetResult`.
        """

    @abc.abstractmethod
    def metrics(self, found: Any) -> Mapping[str, Any]:
        """What `metrics.json` says about it."""

    @abc.abstractmethod
    def figures(self, result: Any, found: Any) -> dict[str, Figure]:
        """Its plots, by the names of their files."""

    @abc.abstractmethod
    def sections(self, result: Any, found: Any) -> Sequence[Section]:
        """Its sections of the report."""
