"""Preprocessing of rows and images for models."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.estimators.plain import moments, standardize

Numbers = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class RowPreparation:
    """Preprocessing of rows, which are series with a single row, or of images, whose pixels are channels.

    Channels are standardized; the pixels of an image by one mean and deviation for each of its colors. A missing value
    becomes the mean. A channel with missing values in training gets another one that says whether the value is missing.

    Attributes:
        channels: The channels of the rows that it was fitted to.
        gappy: The channels with missing values.
        center: Mean of each channel, with those of missing values.
        scale: Standard deviation of each of them.
        shape: The shape of a sample: that of a vector or of an image, with its colors last.
    """

    channels: tuple[str, ...]
    gappy: tuple[str, ...]
    center: Numbers
    scale: Numbers
    shape: tuple[int, ...]

    @classmethod
    def fit(cls, rows: TimeSeries, shape: tuple[int, ...]) -> "RowPreparation":
        """Fit the preprocessing to training rows.

        Args:
            rows: The rows.
            shape: The shape of a sample.
        """
        image = len(shape) > 1
        missing = np.flatnonzero(np.isnan(rows.ys).any(axis=0))
        gappy = () if image else tuple(rows.channels[place] for place in missing)
        values = _with_gaps(rows, gappy)
        center, scale = moments(values.reshape(-1, shape[-1]) if image else values)
        times = math.prod(shape[:-1]) if image else 1
        return cls(rows.channels, gappy, tuple(np.tile(center, times)), tuple(np.tile(scale, times)), shape)

    @property
    def input_size(self) -> int:
        """How many numbers a network reads of a row."""
        return len(self.channels) + len(self.gappy)

    def apply(self, rows: TimeSeries) -> TimeSeries:
        """Preprocess rows.

        Raises:
            DataError: If their channels differ from those of the training rows.
        """
        values = standardize(self.features(rows), np.array(self.center), np.array(self.scale))
        names = (*self.channels, *(f"{name} is missing" for name in self.gappy))
        return dataclasses.replace(rows, ys=values, channels=names)

    def features(self, rows: TimeSeries) -> Float[np.ndarray, "rows features"]:
        """The channels, and those of missing values, as they are: what plain methods see.

        Raises:
            DataError: If their channels differ from those of the training rows.
        """
        return _with_gaps(self._reordered(rows), self.gappy)

    def _reordered(self, rows: TimeSeries) -> TimeSeries:
        if rows.channels == self.channels:
            return rows
        missing = [name for name in self.channels if name not in rows.channels]
        if missing:
            raise DataError(
                f"Got rows without '{missing[0]}'; this estimator was fitted to {', '.join(self.channels)}."
            )
        places = [rows.channels.index(name) for name in self.channels]
        return dataclasses.replace(rows, ys=rows.ys[:, places], channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary, for JSON."""
        return {name: list(value) for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "RowPreparation":
        """Restore from the dictionary of `to_dict`."""
        return cls(**{name: tuple(value) for name, value in saved.items()})


def _with_gaps(rows: TimeSeries, gappy: tuple[str, ...]) -> Float[np.ndarray, "rows features"]:
    """The channels, and a column of 0 and 1 for each of those with missing values."""
    places = [rows.channels.index(name) for name in gappy]
    return np.concatenate([rows.ys, np.isnan(rows.ys[:, places]).astype(float)], axis=1)
