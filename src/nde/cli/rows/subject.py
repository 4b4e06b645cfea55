"""Rows without times of which a target is predicted."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.cli.panels.subject import AbstractSubject
from nde.cli.report import Grid, Paragraph, Picture, Section, number
from nde.data.panel import TimeSeries, columns_of_rows
from nde.data.panel.shuffle import shuffled
from nde.estimators import Equilibrium, ImplicitClassifier, ImplicitRegressor
from nde.plot import plot_importance

IMPORTANCE = "importance.png"
ROW_OPTIONS = frozenset({"target", "model", "task", "split", "channels", "hidden", "seed", "steps"})
"""The options of `nde fit` for rows."""
_SHUFFLES = 5
_SHOWN = 20
"""Columns in the plot."""


@dataclasses.dataclass(frozen=True, eq=False)
class RowFindings:
    """What is found out about a model of rows.

    Attributes:
        importance: By how much the loss on the test part rises when a column is shuffled, several times.
        equilibria: The equilibria of each part.
    """

    importance: Mapping[str, Sequence[float]]
    equilibria: Mapping[str, Equilibrium]


class RowSubject(AbstractSubject):
    """Rows, with the columns that matter, and the steps to the equilibria."""

    one, every = "row", "rows"
    linear = "the same columns"

    def classifier(self, model: str, **settings: Any) -> Any:
        """The classifier."""
        del model
        return ImplicitClassifier(**settings)

    def regressor(self, model: str, **settings: Any) -> Any:
        """The regressor."""
        del model
        return ImplicitRegressor(**settings)

    def features(self, samples: TimeSeries) -> Float[np.ndarray, "series features"]:
        """The columns."""
        return np.asarray(samples.ys)

    def examine(self, result: Any) -> RowFindings:
        """Shuffle columns, and count the steps to the equilibria."""
        parts = result.data.split.parts()
        equilibria = {name: result.estimator.equilibrium(part) for name, part in parts.items()}
        return RowFindings(_importance(result), equilibria)

    def metrics(self, found: RowFindings) -> Mapping[str, Any]:
        """How much each column matters, and how many steps the solver takes."""
        return {
            "importance": {name: float(np.mean(rises)) for name, rises in found.importance.items()},
            "equilibria": {name: _steps(equilibrium) for name, equilibrium in found.equilibria.items()},
        }

    def figures(self, result: Any, found: RowFindings) -> dict[str, Figure]:
        """The columns that matter most."""
        most = sorted(found.importance, key=lambda name: -np.mean(found.importance[name]))[:_SHOWN]
        return {IMPORTANCE: plot_importance({name: found.importance[name] for name in most}, what=result.loss_name)}

    def sections(self, result: Any, found: RowFindings) -> Sequence[Section]:
        """The columns that matter, and the steps of the solver."""
        count = len(found.importance)
        shown = f"The {_SHOWN} columns that matter most are shown, of {count}. " if count > _SHOWN else ""
        note = (
            f"{shown}The {result.loss_name} on the test rows rises so much when the values of a column are shuffled, "
            f"in the mean of {_SHUFFLES} shuffles; the lines reach from the least to the greatest. If two columns say "
            "the same, the model may need neither alone."
        )
        picture = Picture(IMPORTANCE, f"how much the {result.loss_name} rises when a column is shuffled")
        rows = [[name, *(number(each, 4) for each in _steps(own).values())] for name, own in found.equilibria.items()]
        steps = Grid(["part", "steps, median", "steps, most", "converged"], rows)
        why = Paragraph(
            "The state of each network is a fixed point, found by iteration; converged is the share within the "
            "tolerance.",
            faint=True,
        )
        return [
            Section("Columns that matter", [picture, Paragraph(note, faint=True)]),
            Section("Equilibria", [steps, why]),
        ]


def _importance(result: Any) -> dict[str, list[float]]:
    """By how much the loss on the test part rises when the values of a column are shuffled."""
    test, task, estimator = result.test, result.task, result.estimator
    base, found = result.loss(result.outputs["test"]), {}
    for place, name in enumerate(columns_of_rows(test.channels, result.data.categories)):
        own = [name in columns_of_rows([channel], result.data.categories) for channel in test.channels]
        found[name] = []
        for shuffle in range(_SHUFFLES):
            values = test.ys.copy()
            values[:, own] = values[shuffled(len(test), result.config.seed, place, shuffle)][:, own]
            known = ~np.isnan(values).all(axis=1)
            values[~known] = test.ys[~known]
            moved = task.outputs(estimator, dataclasses.replace(test, ys=values))
            found[name].append(result.loss(moved) - base)
    return found


def _steps(equilibrium: Equilibrium) -> dict[str, float]:
    steps = equilibrium.steps
    return {
        "median_steps": float(np.median(steps)),
        "most_steps": float(steps.max()),
        "converged": float(equilibrium.converged.mean()),
    }
