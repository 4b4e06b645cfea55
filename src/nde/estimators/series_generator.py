"""New series like those that were seen."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from nde.data import DataError, Loader, Normalization, as_panel
from nde.data.panel import TimeSeries
from nde.data.panel.windows import windows
from nde.estimators.base import AbstractSeriesEstimator
from nde.estimators.forgetting import forgetting_time
from nde.estimators.recipes import AbstractRecipe, recipe_of
from nde.metrics import signature_feature_mmd
from nde.train.progress import Progress

_AT_ONCE = 256
_LEAST = 10
"""Series that a law can be learned from."""
_SCORED = 500
_KEPT = 500
_LENGTHS = 8


class SeriesGenerator(AbstractSeriesEstimator):
    """Learns the law of irregular, gappy series, and generates new ones.

    A series begins with its first row: times count from there, and the law with them. Channels are normalized inside.

    Args:
        model: `"latent-sde"`, a latent stochastic differential equation, trained by a bound of the likelihood;
            `"sde-gan"`, one that plays against a discriminator; or `"signature-mmd"`, the same one, whose paths are
            compared with the real ones by a kernel of paths.
        hidden_size: Length of the state of the equation; with `"latent-sde"` that of a context, of which the encoder's
            state has twice the length, while the equation's has two components for each channel, at least four.
        width: Of the networks' hidden layers.
        steps: Of descent; by default as many as suit the model.
        batch_size: Series in a step; by default as many as suit the model.
        learning_rate: As a multiple of the model's usual one.
        series: If data frames are given, the column that names series.
        time: Likewise, the column of times.
        channels: Likewise, the columns of measurements; by default all that are left.
        random_state: Of weights, batches and noise; an integer makes fits repeatable.
        run: A folder for checkpoints and a log. The fit of a folder that was killed is gone on from.
        progress: Whether to show a bar, by default on a terminal; or a function told after each step how many are
            done, of how many, and the loss.

    Attributes:
        model_: The `nde.models.LatentSDE`, `nde.models.SDEGAN` or `nde.models.NeuralSDEGenerator`.
        normalization_: Between units of the data and the model's.
        times_: The times of the series that were fitted, each from its first row on.
        history_: The course of the training, a `nde.train.History`.

    Source: Li, Wong, Chen and Duvenaud, *Scalable gradients for stochastic differential equations* (2020),
    doi:10.48550/arXiv.2001.01328; Kidger, Foster, Li, Oberhauser and Lyons, *Neural SDEs as infinite-dimensional GANs*
    (2021), doi:10.48550/arXiv.2102.03657; Issa, Horvath, Lemercier and Salvi, *Non-adversarial training of neural SDEs
    with signature kernel scores* (2023), doi:10.48550/arXiv.2305.16274.

    Example:
        ```python
        import numpy as np
        from nde.estimators import SeriesGenerator

        walks = np.random.default_rng(0).normal(size=(40, 10)).cumsum(axis=1)
        generator = SeriesGenerator(hidden_size=4, width=4, steps=2, random_state=0).fit(walks)
        print(generator.sample(3, random_state=0), generator.sample(2, times=[0.0, 0.5, 3.0]).ys)
        ```
    """

    def __init__(
        self,
        *,
        model: str = "latent-sde",
        hidden_size: int = 32,
        width: int = 32,
        steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 1.0,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        random_state: Any = None,
        run: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.model = model
        self.hidden_size = hidden_size
        self.width = width
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.series = series
        self.time = time
        self.channels = channels
        self.random_state = random_state
        self.run = run
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "SeriesGenerator":
        """Trains the model.

        Args:
            X: A panel, a long data frame, or an array `(series, time, channels)`; see `nde.data.as_panel`.
            y: Not used.

        Returns:
            The estimator.

        Raises:
            DataError: If the data are not as wanted: ten series at least.
            ValueError: If there is no such model.
        """
        del y
        panel = self._panel(X, self.channels)
        if len(panel) < _LEAST:
            raise DataError(
                f"Got {len(panel)} series; {_LEAST} or more are wanted to learn a law from. Cut a long one into pieces."
            )
        recipe, panel = self._recipe(), from_first_rows(panel)
        scale = Normalization.fit(panel, times=True)
        unit = forgetting_time(panel) if recipe.span is None else scale.time_scale / recipe.span
        self.normalization_ = dataclasses.replace(scale, time_scale=unit)
        self.times_ = _different([series.ts for series in panel])
        seed, steps = self._seed(), recipe.steps if self.steps is None else self.steps
        batch_size = min(len(panel), recipe.batch_size if self.batch_size is None else self.batch_size)
        loader = Loader(self.normalization_.apply(panel), batch_size, seed=seed)
        self._train(
            recipe.loss(),
            recipe.data(loader, steps),
            seed=seed,
            steps=steps,
            optimizer=recipe.optimizer(steps, self.learning_rate),
            average=recipe.average(steps),
        )
        return self

    def sample(self, n_samples: int = 1, times: Any = None, *, random_state: Any = None) -> TimeSeries:
        """New series.

        Args:
            n_samples: How many.
            times: At which, in the unit of the data and counted from the first row: an array `(times,)` for all, or one
                for each. By default each has those of a series that was fitted, drawn at random.
            random_state: Of what is random; by default that of the estimator.

        Returns:
            A panel of `n_samples` series, without gaps.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If times do not increase, or there are not as many as series.
        """
        check_is_fitted(self, "model_")
        if n_samples < 1:
            raise ValueError(f"Got n_samples={n_samples}; at least one is wanted.")
        random = check_random_state(self.random_state if random_state is None else random_state)
        seed = int(random.randint(2**31 - 1))
        wanted = self._drawn(n_samples, random) if times is None else _of_each(times, n_samples)
        values = self._values(wanted, jax.random.split(jax.random.key(seed), n_samples))
        return TimeSeries.from_arrays(values, wanted, channels=self.normalization_.channels)

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the discrepancy of the signatures of real and of generated series: higher is better, zero is best.

        Raises:
            NotFittedError: If it was not fitted.
            DataError: If the channels are not those that were fitted.
        """
        del y
        check_is_fitted(self, "model_")
        panel = from_first_rows(self._panel(X, self.normalization_.channels))
        count = min(_SCORED, max(len(panel), _LEAST))
        return -float(signature_feature_mmd(panel, self.sample(count, random_state=0)).value)

    def _values(self, times: list[Float[np.ndarray, " _"]], keys: Array) -> list[Float[np.ndarray, "_ channels"]]:
        """In units of the data; series are solved together, padded to one length."""
        scale, found = self.normalization_, []
        length = _rounded(max(2, *(len(each) for each in times)))
        padded = jnp.asarray(np.stack([_continued(each / scale.time_scale, length) for each in times]), float)
        together = min(_AT_ONCE, 2 ** (len(times) - 1).bit_length())
        for first in range(0, len(times), together):
            # The last of them go on with the last one's again, so that all are made by one compiled function.
            some = jnp.minimum(jnp.arange(first, first + together), len(times) - 1)
            values = np.asarray(_sampled(self.model_, padded[some], keys[some]), np.float64)
            own = times[first : first + together]
            found += [each[: len(ts)] for each, ts in zip(scale.invert(values)[: len(own)], own, strict=True)]
        return found

    def _drawn(self, count: int, random: np.random.RandomState) -> list[Float[np.ndarray, " _"]]:
        return [self.times_[place] for place in random.randint(len(self.times_), size=count)]

    def _recipe(self) -> AbstractRecipe:
        return recipe_of(self.model)

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(X, series=self.series, time=self.time, channels=channels)

    def _blank(self, key: Array) -> Any:
        return self._recipe().model(len(self.normalization_.channels), self.hidden_size, self.width, key)

    def _told(self) -> dict[str, Any]:
        return {"normalization": self.normalization_.to_dict(), "times": [each.tolist() for each in self.times_]}

    def _restored(self, told: dict[str, Any]) -> Any:
        self.normalization_ = Normalization.from_dict(told["normalization"])
        self.times_ = [np.array(each, np.float64) for each in told["times"]]
        return self._blank(jax.random.key(0))


@eqx.filter_jit
def _sampled(model: Any, ts: Float[Array, "series time"], keys: Array) -> Float[Array, "series time channels"]:
    return jax.vmap(lambda own, key: model.sample(own, key=key))(ts, keys)


def from_first_rows(panel: TimeSeries) -> TimeSeries:
    """The series with times that count from the first row of each."""
    return windows(panel, int(panel.lengths.max()), 1)


def _different(times: list[Float[np.ndarray, " _"]]) -> list[Float[np.ndarray, " _"]]:
    """Some hundreds of them, or a single one if they are alike."""
    if all(np.array_equal(each, times[0]) for each in times):
        return times[:1]
    return times[:: max(1, len(times) // _KEPT)]


def _rounded(length: int) -> int:
    """A length that many have in common."""
    return _LENGTHS * -(-length // _LENGTHS)


def _continued(ts: Float[np.ndarray, " _"], length: int) -> Float[np.ndarray, " length"]:
    """Times that go on by their last step, so that they increase."""
    step = ts[-1] - ts[-2] if len(ts) > 1 else 1.0
    return np.concatenate([ts, ts[-1] + step * np.arange(1, length - len(ts) + 1)])


def _of_each(times: Any, count: int) -> list[Float[np.ndarray, " _"]]:
    """The times of each series.

    Raises:
        DataError: If they are no finite numbers that increase, or there are not as many as series.
    """
    shared = len(times) > 0 and np.ndim(times[0]) == 0
    found = [np.asarray(each, np.float64) for each in ([times] * count if shared else times)]
    if len(found) != count:
        raise DataError(f"Got times of {len(found)} series, and n_samples={count}; as many are wanted.")
    for each in found:
        if each.ndim != 1 or not each.size or not np.isfinite(each).all() or not (np.diff(each) > 0).all():
            raise DataError("Got times that are not finite or do not increase; at least one that does is wanted.")
    return found
