"""What is done to a panel before a model sees it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from nde.data import DataError, Normalization, with_intensities, with_time
from nde.data.panel import TimeSeries


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Channels that tell when and how often something was observed, and a normalization of all.

    Attributes:
        channels: Those of the panel that was fitted.
        counted: Of which of them observations are counted: those with gaps, or, without gaps, the first, as a count of
            rows.
        normalization: Of the channels, with counts and time, and of times.
    """

    channels: tuple[str, ...]
    counted: tuple[str, ...]
    normalization: Normalization

    @classmethod
    def fit(cls, panel: TimeSeries) -> "Preparation":
        """What a panel to train on wants."""
        gappy = [name for name, known in zip(panel.channels, panel.observed.T, strict=True) if not known.all()]
        counted = tuple(gappy or panel.channels[:1])
        return cls(panel.channels, counted, Normalization.fit(_with_channels(panel, counted), times=True))

    def apply(self, panel: TimeSeries) -> TimeSeries:
        """The panel as a model sees it.

        Raises:
            DataError: If channels or static features are not those of the panel that was fitted.
        """
        return self.normalization.apply(_with_channels(self._in_order(panel), self.counted))

    def _in_order(self, panel: TimeSeries) -> TimeSeries:
        """The panel with the channels in the order that was fitted."""
        missing = [name for name in self.channels if name not in panel.channels]
        if missing and len(panel.channels) != len(self.channels):
            raise DataError(
                f"X has {len(panel.channels)} features, but this estimator is expecting {len(self.channels)} features "
                f"as input: channels of the series. The channel '{missing[0]}' is missing."
            )
        if missing:
            raise DataError(
                f"Got a panel with the channels {', '.join(panel.channels)}, and '{missing[0]}' is missing; this was "
                f"fitted to {', '.join(self.channels)}."
            )
        if panel.channels == self.channels:
            return panel
        places = [panel.channels.index(name) for name in self.channels]
        return dataclasses.replace(panel, ys=panel.ys[:, places], channels=self.channels)

    def to_dict(self) -> dict[str, Any]:
        """All of it, for a JSON file."""
        return {
            "channels": list(self.channels),
            "counted": list(self.counted),
            "normalization": self.normalization.to_dict(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Preparation":
        """What `to_dict` made this of."""
        normalization = Normalization.from_dict(saved["normalization"])
        return cls(tuple(saved["channels"]), tuple(saved["counted"]), normalization)


def _with_channels(panel: TimeSeries, counted: tuple[str, ...]) -> TimeSeries:
    # No two names are the same, whatever the channels are called.
    time = next(
        name
        for name in ("time", *(f"time ({i})" for i in range(len(panel.channels) + 1)))
        if name not in panel.channels
    )
    return with_time(with_intensities(panel, np.array(counted).tolist()), time)
