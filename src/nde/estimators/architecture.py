"""The network that suits series of some length and number of channels."""

import dataclasses

from nde.data import DataError
from nde.models.registry import SERIES_MODELS

_LONG = 1000
"""Rows above which a neural CDE reads windows of rows."""
_WINDOWS = 125
_LEAST_WINDOW = 8
_MANY_CHANNELS = 32
_RANK = 16
_WINDOWED_RANK = 8
"""With windows the number of terms grows with the square of the number of channels."""


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The network that reads the series.

    Attributes:
        model: Its name in `nde.models.registry.SERIES_MODELS`.
        window: Rows per step, if it reads windows of rows.
        rank: The number of linear combinations of the channels that it reads, if not the channels themselves.
    """

    model: str
    window: int | None = None
    rank: int | None = None

    @classmethod
    def choose(cls, model: str, rows: int, channels: int) -> "Architecture":
        """Choose a network.

        Args:
            model: The name of the model that was asked for.
            rows: The rows of the longest series.
            channels: The number of channels, with those that preprocessing adds.

        Raises:
            DataError: If there is no such model.
        """
        if model not in SERIES_MODELS:
            raise DataError(f"There is no model '{model}'; there are {', '.join(SERIES_MODELS)}.")
        if model not in {"neural-cde", "neural-rde"}:
            return cls(model)
        if model == "neural-cde" and rows <= _LONG:
            return cls(model, rank=_RANK if channels > _MANY_CHANNELS else None)
        window = max(_LEAST_WINDOW, -(-rows // _WINDOWS))
        return cls("neural-rde", window, _WINDOWED_RANK if channels > _WINDOWED_RANK else None)

    @property
    def sizes(self) -> dict[str, int]:
        """Arguments of the model."""
        sizes = {"window": self.window, "rank": self.rank}
        return {name: size for name, size in sizes.items() if size is not None}

    def notes(self, asked: str) -> list[str]:
        """What differs from the model that was asked for, in sentences."""
        notes = []
        if self.model != asked:
            notes.append(
                f"Series have more than {_LONG:,} rows: the network reads the log-signatures of windows of "
                f"{self.window} rows (a neural RDE)."
            )
        if self.rank is not None:
            notes.append(
                f"There are many channels: the network reads {self.rank} linear combinations, which it learns."
            )
        return notes
