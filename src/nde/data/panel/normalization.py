"""Between the units of a panel and the numbers that a model computes with."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from nde.data.panel.rows import did_you_mean
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError

_Numbers = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Normalization:
    """Channels (and static features) of mean 0 and deviation 1 over what was observed in a panel to train on.

    Fit it on the panel that trains, and apply it to all others: then nothing of these leaks into the model. A channel
    that is constant there, or never observed, is not scaled.

    Attributes:
        channels: What the channels are called.
        center: What is subtracted from each.
        scale: What it is divided by then.
        static_center: The same for static features.
        static_scale: Likewise.
        time_center: The same for times.
        time_scale: Likewise.

    Example:
        ```python
        import numpy as np
        import nde
        from nde.data import Normalization

        panel = nde.TimeSeries.from_arrays(np.random.default_rng(0).normal(5.0, 2.0, (100, 20, 1)))
        normalization = Normalization.fit(panel[:80])
        print(normalization.apply(panel[80:]).ys.mean(), normalization.invert(np.zeros((1, 1))))
        ```
    """

    channels: tuple[str, ...]
    center: _Numbers
    scale: _Numbers
    static_center: _Numbers = ()
    static_scale: _Numbers = ()
    time_center: float = 0.0
    time_scale: float = 1.0

    @classmethod
    def fit(cls, train: TimeSeries, *, times: bool = False) -> "Normalization":
        """The normalization that standardizes a panel.

        Args:
            train: The panel to train on.
            times: Whether times are scaled, too: they begin at 0, and the longest series of `train` lasts 1.

        Returns:
            The normalization.
        """
        center, scale = _standard(train.ys)
        static_center, static_scale = _standard(train.static)
        time_center, time_scale = 0.0, 1.0
        if times:
            longest = float((train.ts[train.starts + train.lengths - 1] - train.ts[train.starts]).max())
            time_center, time_scale = float(train.ts.min()), longest if longest > 0 else 1.0
        return cls(train.channels, center, scale, static_center, static_scale, time_center, time_scale)

    def apply(self, panel: TimeSeries) -> TimeSeries:
        """The panel, normalized; its clock still tells the times of the data.

        Raises:
            DataError: If it has other channels or features than the panel that was fitted.
        """
        if panel.channels != self.channels:
            raise DataError(
                f"Got a panel with the channels {', '.join(panel.channels)}; this was fitted to "
                f"{', '.join(self.channels)}. Prepare both panels alike."
            )
        if panel.static.shape[1] != len(self.static_center):
            raise DataError(
                f"Got a panel with {panel.static.shape[1]} static features; this was fitted to "
                f"{len(self.static_center)}. Prepare both panels alike."
            )
        return dataclasses.replace(
            panel,
            ts=(panel.ts - self.time_center) / self.time_scale,
            ys=(panel.ys - np.array(self.center)) / np.array(self.scale),
            static=(panel.static - np.array(self.static_center)) / np.array(self.static_scale),
            clock=panel.clock.rescaled(self.time_center, self.time_scale),
        )

    def invert(
        self, values: Float[Array | np.ndarray, "*shape channels"], channels: Sequence[str] | None = None
    ) -> Float[Array | np.ndarray, "*shape channels"]:
        """Normalized values in the units of the data; `nan` stays.

        Args:
            values: Of NumPy or JAX; those of a forecast, say.
            channels: Which channels they are of, if not of all: those that a model predicts.

        Returns:
            The same of the data.

        Raises:
            DataError: If there is no such channel, or there are more or fewer values than channels.
        """
        names = self.channels if channels is None else tuple(channels)
        for name in names:
            if name not in self.channels:
                raise DataError(f"There is no channel '{name}'. {did_you_mean(name, self.channels)}")
        if values.shape[-1] != len(names):
            raise DataError(
                f"Got values of the shape {values.shape} for {len(names)} channels; the last axis is that of "
                "channels. Name those which the values are of."
            )
        places = [self.channels.index(name) for name in names]
        scale, center = (np.array(x)[places].reshape(*(1,) * (values.ndim - 1), -1) for x in (self.scale, self.center))
        return values * scale + center

    def to_dict(self) -> dict[str, Any]:
        """All of it as lists and numbers, for a JSON file.

        Example:
            ```python
            import json
            from nde.data import Normalization

            normalization = Normalization(("x",), (5.0,), (2.0,))
            assert Normalization.from_dict(json.loads(json.dumps(normalization.to_dict()))) == normalization
            ```
        """
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Normalization":
        """The normalization that `to_dict` made this of.

        Raises:
            DataError: If something is missing or unknown.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        if set(saved) != set(names):
            raise DataError(f"Got a normalization of {', '.join(saved)}; {', '.join(names)} are wanted.")
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in saved.items()}
        return cls(**fields)


def _standard(values: Float[np.ndarray, "rows columns"]) -> tuple[_Numbers, _Numbers]:
    """Mean and deviation of what is known of each column."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)
    least, most = np.where(known, values, np.inf).min(axis=0), np.where(known, values, -np.inf).max(axis=0)
    # By rounding, the deviation of a constant may be a little more than zero, and so may its distance to the mean.
    varies = (most > least) & (deviation > 0)
    mean = np.where(most == least, most, mean)
    return tuple(mean.tolist()), tuple(np.where(varies, deviation, 1.0).tolist())
