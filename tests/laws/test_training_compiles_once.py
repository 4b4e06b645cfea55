"""The `fit` of an estimator compiles its training step once."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest

from nde.estimators import (
    FlowDensity,
    ImplicitClassifier,
    ImplicitRegressor,
    LatentODEImputer,
    NeuralCDEClassifier,
    NeuralCDERegressor,
    NeuralODEForecaster,
    SeriesGenerator,
)
from nde.estimators.registry import ESTIMATORS

_COMPILED = "/jax/core/compile/backend_compile_duration"
_SHORT = {"max_iter": 3, "random_state": 0, "progress": False}
_CDE = {**_SHORT, "n_estimators": 1, "hidden_size": 4, "width": 4, "plain_methods": False}
_IMPLICIT = {**_SHORT, "n_estimators": 1, "hidden_size": 4, "plain_methods": False}
_LATENT = {**_SHORT, "latent_size": 2, "hidden_size": 4, "state_size": 2, "width": 4, "depth": 1}
_GENERATOR = {**_SHORT, "hidden_size": 4, "width": 4, "batch_size": 4}
SERIES = np.sin(np.linspace(0, 3, 6) * np.arange(1, 9)[:, None])[..., None]
CLASSES = np.arange(8) % 2

FITS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "FlowDensity": (FlowDensity(**_SHORT, width=8, depth=1), (SERIES[:, :2, 0],)),
    "ImplicitClassifier": (ImplicitClassifier(**_IMPLICIT), (SERIES[..., 0], CLASSES)),
    "ImplicitRegressor, images": (ImplicitRegressor(**_IMPLICIT), (np.stack(4 * [SERIES[..., 0]], axis=1), CLASSES)),
    "LatentODEImputer": (LatentODEImputer(**_LATENT), (SERIES,)),
    "NeuralCDEClassifier": (NeuralCDEClassifier(**_CDE), (SERIES, CLASSES)),
    "NeuralCDERegressor": (NeuralCDERegressor(**_CDE), (SERIES, 1.0 * np.arange(8))),
    "NeuralODEForecaster": (NeuralODEForecaster(**_LATENT), (SERIES,)),
    "SeriesGenerator": (SeriesGenerator(**_GENERATOR), (SERIES,)),
    "SeriesGenerator, sde-gan": (SeriesGenerator(**_GENERATOR, model="sde-gan"), (SERIES,)),
    "SeriesGenerator, signature-mmd": (SeriesGenerator(**_GENERATOR, model="signature-mmd"), (SERIES,)),
}
_SLOW = {"SeriesGenerator", "SeriesGenerator, sde-gan", "SeriesGenerator, signature-mmd", "LatentODEImputer"}

_UNTRAINED = {"PanelForecaster", "PanelImputer"}
"""Estimators that fit likelihoods, without a training step."""


class StepCompilations:
    """How many training steps JAX has compiled."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        self.count += event == _COMPILED and "_advance" in f"{kwargs.get('fun_name')}"


@pytest.fixture
def compilations() -> Iterator[StepCompilations]:
    counter = StepCompilations()
    jax.monitoring.register_event_duration_secs_listener(counter)
    yield counter
    jax.monitoring.unregister_event_duration_listener(counter)


def test_every_estimator_is_fitted_here():
    assert {name.split(",")[0] for name in FITS} | _UNTRAINED == set(ESTIMATORS)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in _SLOW)) for name in FITS])
def test_the_training_step_is_compiled_once(name: str, compilations: StepCompilations):
    estimator, data = FITS[name]
    estimator.fit(*data)
    assert estimator.n_iter_ == 3
    assert compilations.count == 1
