"""A fitted model of many series, judged."""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.panel.baseline import baselines
from nde.cli.panel.fitted import Fitted
from nde.cli.panel.names import CLASSES
from nde.cli.panel.scores import class_scores, number_scores
from nde.data.panel import TimeSeries


class Done(Fitted):
    """A fitted model of many series, judged."""

    @property
    def is_of_classes(self) -> bool:
        """Whether the target is a class."""
        return self.data.task == CLASSES

    @property
    def classes(self) -> np.ndarray:
        """The classes that the model knows."""
        return np.asarray(self.model.classes_)

    @cached_property
    def said(self) -> dict[str, Float[np.ndarray, "series outputs"]]:
        """What the model says of each part: probabilities of classes, or a number."""
        return {name: outputs(self.model, part, self.data.task) for name, part in self.data.parts.named().items()}

    @cached_property
    def scores(self) -> dict[str, dict[str, Any]]:
        """How good that is."""
        return {name: self._score(part, self.said[name]) for name, part in self.data.parts.named().items()}

    @cached_property
    def baselines(self) -> dict[str, dict[str, Any]]:
        """How good on the test part is what needs no differential equation."""
        return baselines(self.data.parts.train, self.data.parts.test, self.data.task)

    def predicted(self, part: str) -> np.ndarray:
        """The class or number of each series of a part."""
        said = self.said[part]
        return self.classes[said.argmax(axis=1)] if self.is_of_classes else said[:, 0]

    def _score(self, part: TimeSeries, said: Float[np.ndarray, "series outputs"]) -> dict[str, Any]:
        truth = np.empty(0) if part.targets is None else part.targets
        return class_scores(truth, said, self.classes) if self.is_of_classes else number_scores(truth, said[:, 0])


def outputs(model: Any, panel: TimeSeries, task: str) -> Float[np.ndarray, "series outputs"]:
    """What an estimator says of each series: probabilities of classes, or a number."""
    said = model.predict_proba(panel) if task == CLASSES else np.asarray(model.predict(panel)).reshape(len(panel), 1)
    return np.asarray(said, np.float64)
