"""The settings of a training run."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import optax

from nde.train.averaging import Average
from nde.train.curriculum import Curriculum


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a training run, apart from model, loss, optimizer and data."""

    steps: int
    validated: bool
    validate_every: int | None
    patience: int | None
    average: Average | None
    curriculum: Curriculum | None
    log_every: int

    @classmethod
    def of(
        cls,
        *,
        steps: int,
        validated: bool,
        validate_every: int,
        patience: int | None,
        average: Average | None,
        curriculum: Curriculum | None,
        log_every: int | None,
    ) -> "Settings":
        """Create settings, filling in defaults."""
        return cls(
            steps=steps,
            validated=validated,
            validate_every=validate_every if validated else None,
            patience=patience,
            average=average,
            curriculum=curriculum,
            log_every=max(1, steps // 1000) if log_every is None else log_every,
        )

    def check(self, *, metric: bool, given_every: bool) -> None:
        """Check that the settings are valid and fit together.

        Args:
            metric: Whether a metric was passed.
            given_every: Whether `validate_every` was passed.

        Raises:
            ValueError: If a number is out of range, or a setting needs validation data and there are none.
        """
        counts = {"steps": self.steps, "validate_every": self.validate_every, "log_every": self.log_every}
        for name, count in {**counts, "patience": self.patience}.items():
            if count is not None and count < 1:
                raise ValueError(f"{name} must be at least 1; got {count}.")
        if isinstance(self.average, float | int) and not 0 < self.average < 1:
            raise ValueError(f"average must be a decay between 0 and 1, such as 0.99; got {self.average}.")
        dependent = {"metric": metric, "patience": self.patience is not None, "validate_every": given_every}
        for name, given in dependent.items():
            if given and not self.validated:
                raise ValueError(f"`{name}` needs validation data. Pass `validation` as well, or omit `{name}`.")

    def share(self, done: int) -> float | None:
        """Return the share of its batch that the next step sees; `None` without a curriculum."""
        return None if self.curriculum is None else self.curriculum.share(done, self.steps)

    def to_config(self, devices: Sequence[Any]) -> dict[str, Any]:
        """Return versions and settings for the header of a log."""
        from nde import __version__  # noqa: PLC0415 (it imports this module)

        settings = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("curriculum", "average"):
            if settings[name] is not None and not isinstance(settings[name], float):
                settings[name] = repr(settings[name])
        versions = {"nde": __version__, "jax": jax.__version__, "optax": optax.__version__}
        return {"versions": versions, "devices": [str(device) for device in devices], **settings}
