"""What a forecaster returns."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Forecast with intervals.

    Attributes:
        times: The times, numbers or dates.
        names: The columns.
        median: Medians, of shape `(times, columns)`.
        intervals: For each level in percent, the lower and the upper ends, of shape `(times, columns)`.

    Example:
        See `Forecaster`.
    """

    times: Any
    names: tuple[str, ...]
    median: Float[np.ndarray, "times columns"]
    intervals: dict[int, tuple[Float[np.ndarray, "times columns"], Float[np.ndarray, "times columns"]]]

    def to_frame(self) -> pd.DataFrame:
        """A data frame with a column for each median, lower and upper end, such as `x_lower_80`."""
        columns = {}
        for place, name in enumerate(self.names):
            columns[name] = self.median[:, place]
            for level, (lower, upper) in self.intervals.items():
                columns[f"{name}_lower_{level}"] = lower[:, place]
                columns[f"{name}_upper_{level}"] = upper[:, place]
        return pd.DataFrame(columns, index=pd.Index(self.times))
