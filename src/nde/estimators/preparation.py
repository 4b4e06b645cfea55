"""Preprocessing of panels for models."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from nde.data import DataError, Normalization, with_intensities, with_time
from nde.data.panel import TimeSeries


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Preprocessing: adds time and observation counts as channels, and normalizes all channels.

    Attributes:
        channels: Channels of the panel that it was fitted to.
        counted: Channels whose observations are counted: those with missing values or, if there are none, the first
            channel, which counts rows.
        normalization: Normalization of times and of all channels, including counts and time.
    """

    channels: tuple[str, ...]
    counted: tuple[str, ...]
    normalization: Normalization

    @classmethod
    def fit(cls, panel: TimeSeries) -> "Preparation":
        """Fit the preprocessing to a training panel."""
        gappy = [name for name, known in zip(panel.channels, panel.observed.T, strict=True) if not known.all()]
        counted = tuple(gappy or panel.channels[:1])
        return cls(panel.channels, counted, Normalization.fit(_with_channels(panel, counted), times=True))

    def apply(self, panel: TimeSeries) -> TimeSeries:
        """Preprocess a panel.

        Raises:
            DataError: If channels or static features differ from those of the training panel.
        """
        return self.normalization.apply(_with_channels(self.reorder(panel), self.counted))

    def reorder(self, panel: TimeSeries) -> TimeSeries:
        """The panel with its channels in the order of the training panel.

        Raises:
            DataError: If channels differ from those of the training panel.
        """
        missing = [name for name in self.channels if name not in panel.channels]
        if missing and len(panel.channels) != len(self.channels):
            raise DataError(
                f"X has {len(panel.channels)} features, but this estimator is expecting {len(self.channels)} features "
                f"as input: channels of the series. The channel '{missing[0]}' is missing."
            )
        if missing:
            raise DataError(
                f"Got a panel with channels {', '.join(panel.channels)}, and '{missing[0]}' is missing; this estimator "
                f"was fitted to channels {', '.join(self.channels)}."
            )
        if panel.channels == self.channels:
            return panel
        places = [panel.channels.index(name) for name in self.channels]
        return dataclasses.replace(panel, ys=panel.ys[:, places], channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary, for JSON."""
        return {
            "channels": list(self.channels),
            "counted": list(self.counted),
            "normalization": self.normalization.to_dict(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Preparation":
        """Restore from the dictionary of `to_dict`."""
        normalization = Normalization.from_dict(saved["normalization"])
        return cls(tuple(saved["channels"]), tuple(saved["counted"]), normalization)


def _with_channels(panel: TimeSeries, counted: tuple[str, ...]) -> TimeSeries:
    # The name of the time channel must not coincide with any other channel.
    time = next(
        name
        for name in ("time", *(f"time ({i})" for i in range(len(panel.channels) + 1)))
        if name not in panel.channels
    )
    return with_time(with_intensities(panel, np.array(counted).tolist()), time)
