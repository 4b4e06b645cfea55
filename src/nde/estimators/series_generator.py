"""Generation of series with stochastic differential equations."""

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
from nde.estimators.decorrelation import decorrelation_time
from nde.estimators.recipes import AbstractRecipe, recipe_of
from nde.metrics import signature_feature_mmd
from nde.train.progress import Progress

_AT_ONCE = 256
_LEAST = 10
"""The smallest number of series to fit to."""
_SCORED = 500
_KEPT = 500
_LENGTHS = 8


class SeriesGenerator(AbstractSeriesEstimator):
    """Generator of irregular time series: learns the distribution of a panel and samples new series from it.

    Times are counted from the first row of each series. Channels are normalized internally.

    Args:
        model: `"latent-sde"`, a latent SDE trained on a bound of the likelihood; `"sde-gan"`, a neural SDE trained
            against a discriminator; or `"signature-mmd"`, a neural SDE trained by the maximum mean discrepancy with a
            signature kernel.
        hidden_size: Size of the state of the SDE. For `"latent-sde"`, size of the context: the encoder's state is twice
            as large, and the state of the SDE has two components for each channel, and at least four.
        width: Width of the networks' hidden layers.
        max_iter: Number of training steps; the default depends on the model.
        batch_size: Number of series in a batch; the default depends on the model.
        learning_rate: Learning rate, as a multiple of the model's default.
        series: For data frames, the column that identifies series.
        time: For data frames, the column of times.
        channels: For data frames, the columns of measurements; by default all remaining columns.
        random_state: Seed for weights, batches and noise; pass an integer for reproducible fits.
        checkpoint_dir: Folder for checkpoints and a log. If it holds a checkpoint of this fit, training resumes.
        progress: Whether to show a progress bar; by default only on a terminal. Or a function that is called after each
            step with the number of steps done, their total, and the loss.

    Attributes:
        model_: The fitted `nde.models.LatentSDE`, `nde.models.SDEGAN` or `nde.models.NeuralSDEGenerator`.
        normalization_: The `nde.data.Normalization` between the units of the data and those of the model.
        times_: Times of the training series, each counted from its first row.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.

    Source: Li, Wong, Chen and Duvenaud, *Scalable gradients for stochastic differential equations* (2020),
    doi:10.48550/arXiv.2001.01328; Kidger, Foster, Li, Oberhauser and Lyons, *Neural SDEs as infinite-dimensional GANs*
    (2021), doi:10.48550/arXiv.2102.03657; Issa, Horvath, Lemercier and Salvi, *Non-adversarial training of neural SDEs
    with signature kernel scores* (2023), doi:10.48550/arXiv.2305.16274.

    Example:
        ```python
        import numpy as np
        from nde.estimators import SeriesGenerator

        walks = np.random.default_rng(0).normal(size=(40, 10)).cumsum(axis=1)
        generator = SeriesGenerator(hidden_size=4, width=4, max_iter=2, random_state=0).fit(walks)
        print(generator.sample(3, random_state=0), generator.sample(2, times=[0.0, 0.5, 3.0]).ys)
        ```
    """

    def __init__(
        self,
        *,
        model: str = "latent-sde",
        hidden_size: int = 32,
        width: int = 32,
        max_iter: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 1.0,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.model = model
        self.hidden_size = hidden_size
        self.width = width
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.series = series
        self.time = time
        self.channels = channels
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> "SeriesGenerator":
        """Train the model.

        Args:
            X: A panel, a long data frame, or an array of shape `(series, time, channels)`; see
                `nde.estimators.as_panel`.
            y: Not used.

        Returns:
            The fitted estimator.

        Raises:
            DataError: If `X` is not a valid panel, or has fewer than ten series.
            ValueError: If `model` is unknown.
        """
        del y
        panel = self._panel(X, self.channels)
        if len(panel) < _LEAST:
            raise DataError(
                f"Got {len(panel)} series; at least {_LEAST} are needed to learn a distribution. Cut long series into "
                "windows."
            )
        recipe, panel = self._recipe(), from_first_rows(panel)
        scale = Normalization.fit(panel, times=True)
        unit = decorrelation_time(panel) if recipe.span is None else scale.time_scale / recipe.span
        self.normalization_ = dataclasses.replace(scale, time_scale=unit)
        self.times_ = _distinct_times([series.ts for series in panel])
        seed, steps = self._seed(), recipe.steps if self.max_iter is None else self.max_iter
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
        """Sample new series.

        Args:
            n_samples: Number of series.
            times: Times of the series, in the unit of the data and counted from the first row: one array of shape
                `(times,)` for all series, or a list with one array for each. By default, each series has the times of a
                random training series.
            random_state: Seed for times and noise; by default that of the estimator.

        Returns:
            A panel of `n_samples` series without missing values.

        Raises:
            NotFittedError: If the estimator is not fitted.
            ValueError: If `n_samples` is less than one.
            DataError: If times do not increase, or their number is not `n_samples`.
        """
        check_is_fitted(self, "model_")
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1; got {n_samples}.")
        random = check_random_state(self.random_state if random_state is None else random_state)
        seed = int(random.randint(2**31 - 1))
        own_times = self._draw_times(n_samples, random) if times is None else _times_per_series(times, n_samples)
        values = self._sample_at(own_times, jax.random.split(jax.random.key(seed), n_samples))
        return TimeSeries.from_arrays(values, own_times, channels=self.normalization_.channels)

    def score(self, X: Any, y: Any = None) -> float:
        """Negative signature MMD between real and generated series; see `nde.metrics.signature_feature_mmd`.

        Args:
            X: Real series: a panel, a long data frame, or an array of shape `(series, time, channels)`.
            y: Not used.

        Returns:
            The score; higher is better and zero is best.

        Raises:
            NotFittedError: If the estimator is not fitted.
            DataError: If `X` has other channels than the estimator was fitted to.
        """
        del y
        check_is_fitted(self, "model_")
        panel = from_first_rows(self._panel(X, self.normalization_.channels))
        count = min(_SCORED, max(len(panel), _LEAST))
        return -float(signature_feature_mmd(panel, self.sample(count, random_state=0)).value)

    def _sample_at(self, times: list[Float[np.ndarray, " _"]], keys: Array) -> list[Float[np.ndarray, "_ channels"]]:
        """Sample series in the units of the data, solved in batches and padded to one length."""
        scale, found = self.normalization_, []
        length = _rounded(max(2, *(len(each) for each in times)))
        padded = jnp.asarray(np.stack([_padded_times(each / scale.time_scale, length) for each in times]), float)
        batch_size = min(_AT_ONCE, 2 ** (len(times) - 1).bit_length())
        for first in range(0, len(times), batch_size):
            # The last batch is filled with copies of the last series, so that one compiled function makes all batches.
            some = jnp.minimum(jnp.arange(first, first + batch_size), len(times) - 1)
            values = np.asarray(_sample(self.model_, padded[some], keys[some]), np.float64)
            own = times[first : first + batch_size]
            found += [each[: len(ts)] for each, ts in zip(scale.invert(values)[: len(own)], own, strict=True)]
        return found

    def _draw_times(self, count: int, random: np.random.RandomState) -> list[Float[np.ndarray, " _"]]:
        return [self.times_[place] for place in random.randint(len(self.times_), size=count)]

    def _recipe(self) -> AbstractRecipe:
        return recipe_of(self.model)

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(X, series=self.series, time=self.time, channels=channels)

    def _init_model(self, key: Array) -> Any:
        return self._recipe().model(len(self.normalization_.channels), self.hidden_size, self.width, key)

    def _to_config(self) -> dict[str, Any]:
        return {"normalization": self.normalization_.to_dict(), "times": [each.tolist() for each in self.times_]}

    def _from_config(self, config: dict[str, Any]) -> Any:
        self.normalization_ = Normalization.from_dict(config["normalization"])
        self.times_ = [np.array(each, np.float64) for each in config["times"]]
        return self._init_model(jax.random.key(0))


@eqx.filter_jit
def _sample(model: Any, ts: Float[Array, "series time"], keys: Array) -> Float[Array, "series time channels"]:
    return jax.vmap(lambda own, key: model.sample(own, key=key))(ts, keys)


def from_first_rows(panel: TimeSeries) -> TimeSeries:
    """The series with times counted from the first row of each."""
    return windows(panel, int(panel.lengths.max()), 1)


def _distinct_times(times: list[Float[np.ndarray, " _"]]) -> list[Float[np.ndarray, " _"]]:
    """A single array of times if all are equal, else some hundreds of them."""
    if all(np.array_equal(each, times[0]) for each in times):
        return times[:1]
    return times[:: max(1, len(times) // _KEPT)]


def _rounded(length: int) -> int:
    """Round a length up, so that few lengths are compiled for."""
    return _LENGTHS * -(-length // _LENGTHS)


def _padded_times(ts: Float[np.ndarray, " _"], length: int) -> Float[np.ndarray, " length"]:
    """Pad times with steps of their last size, so that they increase."""
    step = ts[-1] - ts[-2] if len(ts) > 1 else 1.0
    return np.concatenate([ts, ts[-1] + step * np.arange(1, length - len(ts) + 1)])


def _times_per_series(times: Any, count: int) -> list[Float[np.ndarray, " _"]]:
    """The times of each series.

    Raises:
        DataError: If times are not finite or do not increase, or their number is not `count`.
    """
    shared = len(times) > 0 and np.ndim(times[0]) == 0
    found = [np.asarray(each, np.float64) for each in ([times] * count if shared else times)]
    if len(found) != count:
        raise DataError(f"times must be given for each of n_samples={count} series; got times for {len(found)} series.")
    for each in found:
        if each.ndim != 1 or not each.size or not np.isfinite(each).all() or not (np.diff(each) > 0).all():
            raise DataError("Times must be finite and increase, with at least one for each series.")
    return found
