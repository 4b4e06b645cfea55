"""What to do for equations with noise."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nde.data import DataError, Table
from nde.models import SDE_MODELS
from nde.models.scaling import Transform, check_transform

ALL = "sde"
"""The name for all models with noise that suit the data."""
_LOG = "sde-geometric"


@dataclasses.dataclass(frozen=True)
class Job:
    """What to fit, and where to write it.

    Attributes:
        tables: All measurements of each series; a single one has no name.
        model: The name of a model with noise, or `sde` for all that suit.
        transform: What the equations are for.
        holdout: How many of the last rows of each series to forecast.
        folder: Where to write; must not exist.
        source: Where the measurements are from.
        seed: Of random numbers.
        steps: Most steps, for each model.
        truth: The parameters of the model `sde-ou` in truth, if they are known.
    """

    tables: Mapping[str, Table]
    model: str
    transform: Transform
    holdout: int
    folder: Path
    source: str
    seed: int
    steps: int
    truth: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def time_name(self) -> str:
        """What the times are called."""
        return next(iter(self.tables.values())).time_name

    @property
    def names(self) -> tuple[str, ...]:
        """What the quantities are called."""
        return next(iter(self.tables.values())).names

    def models(self) -> list[str]:
        """The models to fit: those that suit the data, or the one named.

        Raises:
            DataError: If the data have no such root or logarithm.
        """
        tables = list(self.tables.values())
        check_transform(tables, self.transform)
        positive = all((t.ys[~np.isnan(t.ys)] > 0).all() for t in tables)
        if self.model == ALL:
            return [name for name in SDE_MODELS if name != _LOG or (positive and self.transform != "root")]
        if self.model == _LOG and self.transform == "root":
            raise DataError(f"The model {_LOG} takes logarithms, not roots; take no --transform, or another --model.")
        if self.model == _LOG:
            check_transform(tables, "log")
        return [self.model]

    def split(self) -> tuple[dict[str, Table], dict[str, Table]]:
        """The rows to fit of each series, and those held out, if any.

        Raises:
            DataError: If too few are left to fit.
        """
        fitted, held = {}, {}
        for name, table in self.tables.items():
            try:
                fitted[name], rest = table.split(self.holdout)
            except DataError as error:
                raise DataError(f"Series '{name}': {error}" if name else str(error)) from None
            if rest is not None:
                held[name] = rest
        return fitted, held
