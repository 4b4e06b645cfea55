"""A network and plain methods, mixed as they predict series that they were not fitted to."""

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nde.estimators import plain
from nde.estimators.folds import Splits
from nde.estimators.mixture import (
    beats_constant,
    class_mixture,
    likelihood,
    log_loss,
    log_losses,
    number_mixture,
    softmax,
    temperature,
)
from nde.estimators.plain import Features, Fitting, Outputs, Predictor

Weights = Float[np.ndarray, " series"]
MemberOutputs = Float[np.ndarray, "members series output"]
_STRENGTHS = tuple(10.0**power for power in range(-4, 4))
FREQUENCIES, MEAN = "class frequencies", "mean"
LOGISTIC, RIDGE, FOREST = "logistic regression", "ridge regression", "random forest"
_FITTED = {LOGISTIC: "logistic regression", RIDGE: "ridge regression", FOREST: "a random forest"}
_CONSTANTS = {FREQUENCIES: "the frequency of the classes", MEAN: "the mean of the targets"}
_LEAVES, _FEATURES = (1, 3), (1 / 3, 1.0)
"""The least series in a leaf of a forest of classes; the share of the features that a split of numbers sees."""
_PENALTIES = tuple(10.0**power for power in range(-3, 5))


@dataclasses.dataclass(frozen=True)
class Subject:
    """What a target is predicted of, in words.

    Attributes:
        nouns: One of them, and several.
        seen_as: What plain methods see of it, at the end of their names.
    """

    nouns: tuple[str, str]
    seen_as: str = ""


SERIES = Subject(("series", "series"), " on summary features")
ROWS = Subject(("row", "rows"))


class AbstractKind(abc.ABC):
    """What is predicted: classes or numbers.

    Args:
        size: The number of classes or of numbers.

    Attributes:
        measure: What the loss is called.
    """

    measure: str

    def __init__(self, size: int) -> None:
        self.size = size

    @abc.abstractmethod
    def candidates(self, seed: int) -> dict[str, list[Fitting]]:
        """Plain methods, each with several strengths of its penalty if it has one; the last is a constant."""

    @abc.abstractmethod
    def calibration(self, outputs: MemberOutputs, targets: np.ndarray, weights: Weights) -> float:
        """The temperature of a network's outputs; one if it has none."""

    @abc.abstractmethod
    def network(self, outputs: MemberOutputs, heat: float) -> Outputs:
        """The prediction of an ensemble: probabilities, or numbers."""

    @abc.abstractmethod
    def errors(self, outputs: Outputs, targets: np.ndarray) -> Float[np.ndarray, " series"]:
        """The loss of each prediction."""

    @abc.abstractmethod
    def loss(self, outputs: Outputs, targets: np.ndarray, weights: Weights) -> float:
        """The loss of all predictions."""

    @abc.abstractmethod
    def mixture(
        self, outputs: Float[np.ndarray, "methods series output"], targets: np.ndarray, weights: Weights
    ) -> Float[np.ndarray, " methods"]:
        """The weights of methods in the best mixture."""


class Classes(AbstractKind):
    """Classes, by probabilities and log loss."""

    measure = "log loss"

    def candidates(self, seed: int) -> dict[str, list[Fitting]]:
        """Logistic regressions, a random forest and the shares of the classes."""
        return {
            LOGISTIC: [plain.logistic(self.size, strength) for strength in _STRENGTHS],
            FOREST: [plain.forest(self.size, True, seed, "sqrt", leaf) for leaf in _LEAVES],
            FREQUENCIES: [plain.constant(self.size, True)],
        }

    def calibration(self, outputs: MemberOutputs, targets: np.ndarray, weights: Weights) -> float:
        """The temperature of logits."""
        return temperature(outputs, targets, weights)

    def network(self, outputs: MemberOutputs, heat: float) -> Outputs:
        """The mean of the members' probabilities."""
        return softmax(outputs / heat).mean(axis=0)

    def errors(self, outputs: Outputs, targets: np.ndarray) -> Float[np.ndarray, " series"]:
        """The log loss of each."""
        return log_losses(outputs, targets)

    def loss(self, outputs: Outputs, targets: np.ndarray, weights: Weights) -> float:
        """The log loss."""
        return log_loss(outputs, targets, weights)

    def mixture(
        self, outputs: Float[np.ndarray, "methods series output"], targets: np.ndarray, weights: Weights
    ) -> Float[np.ndarray, " methods"]:
        """The weights with the least log loss."""
        return class_mixture(np.stack([likelihood(each, targets) for each in outputs]), weights)


class Numbers(AbstractKind):
    """Standardized numbers, by squared error."""

    measure = "RMSE"

    def candidates(self, seed: int) -> dict[str, list[Fitting]]:
        """Ridge regressions, a random forest and the mean."""
        return {
            RIDGE: [plain.ridge(penalty) for penalty in _PENALTIES],
            FOREST: [plain.forest(self.size, False, seed, share) for share in _FEATURES],
            MEAN: [plain.constant(self.size, False)],
        }

    def calibration(self, outputs: MemberOutputs, targets: np.ndarray, weights: Weights) -> float:
        """None."""
        del outputs, targets, weights
        return 1.0

    def network(self, outputs: MemberOutputs, heat: float) -> Outputs:
        """The mean of the members' numbers."""
        del heat
        return outputs.mean(axis=0)

    def errors(self, outputs: Outputs, targets: np.ndarray) -> Float[np.ndarray, " series"]:
        """The squared error of each."""
        return np.mean((outputs - targets) ** 2, axis=1)

    def loss(self, outputs: Outputs, targets: np.ndarray, weights: Weights) -> float:
        """The root mean squared error, in standard deviations of the targets."""
        return float(np.sqrt(np.average(self.errors(outputs, targets), weights=weights)))

    def mixture(
        self, outputs: Float[np.ndarray, "methods series output"], targets: np.ndarray, weights: Weights
    ) -> Float[np.ndarray, " methods"]:
        """The weights with the least squared error."""
        return number_mixture(outputs, targets, weights)


@dataclasses.dataclass(frozen=True, eq=False)
class Labeled:
    """Series with targets, as plain methods see them.

    Attributes:
        features: Their summary features.
        targets: Their targets.
        weights: How much each counts.
    """

    features: Features
    targets: np.ndarray
    weights: Weights

    def at(self, places: Int[np.ndarray, " some"]) -> tuple[Features, np.ndarray, Weights]:
        """Those at some places."""
        return self.features[places], self.targets[places], self.weights[places]

    def with_others(self, others: "Labeled") -> "Labeled":
        """These and others."""
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(others), strict=True)
        return Labeled(*(np.concatenate(pair) for pair in pairs))


def best_fitting(
    kind: AbstractKind, settings: Sequence[Fitting], series: Labeled, splits: Splits
) -> tuple[Fitting, Outputs]:
    """The best of several settings of a plain method, and how it predicts series that it was not fitted to.

    Args:
        kind: What is predicted.
        settings: The settings, at least one.
        series: All series.
        splits: Series to fit to, and others to predict.
    """
    _, targets, weights = series.at(np.concatenate([test for _, test in splits]))
    tried = [
        np.concatenate([fitting(*series.at(train))(series.features[test]) for train, test in splits])
        for fitting in settings
    ]
    best = int(np.argmin([kind.loss(each, targets, weights) for each in tried]))
    return settings[best], tried[best]


def calibrated(kind: AbstractKind, outputs: MemberOutputs, series: Labeled, splits: Splits) -> tuple[float, Outputs]:
    """The temperature of a network, and its prediction of each part with a temperature chosen on the other parts.

    Args:
        kind: What is predicted.
        outputs: The outputs for the series that are predicted, in the order of the splits.
        series: All series.
        splits: Series that were fitted to, and others that are predicted.
    """
    places = np.concatenate([test for _, test in splits])
    _, targets, weights = series.at(places)
    heat = kind.calibration(outputs, targets, weights)
    ends = np.cumsum([len(test) for _, test in splits])[:-1]
    found = []
    for (_, test), part in zip(splits, np.split(outputs, ends, axis=1), strict=True):
        others = ~np.isin(places, test)
        known = weights[others].sum() > 0
        own = kind.calibration(outputs[:, others], targets[others], weights[others]) if known else heat
        found.append(kind.network(part, own))
    return heat, np.concatenate(found)


def _described(method: str, subject: Subject) -> str:
    """A method in a sentence."""
    if method in _FITTED:
        return f"{_FITTED[method]}{subject.seen_as}"
    return _CONSTANTS.get(method, f"the network ({method})")


@dataclasses.dataclass(frozen=True, eq=False)
class Stack:
    """A mixture of a network and plain methods.

    Attributes:
        heat: The temperature of the network.
        weights: The share of each method; the network is the first.
        losses: The loss of each method on series that it was not fitted to.
        predictors: The plain methods of positive share.
    """

    heat: float
    weights: dict[str, float]
    losses: dict[str, float]
    predictors: dict[str, Predictor]

    @classmethod
    def fit(
        cls,
        kind: AbstractKind,
        name: str,
        outputs: MemberOutputs,
        series: Labeled,
        splits: Splits,
        whole: Int[np.ndarray, " train"],
        seed: int,
    ) -> "Stack":
        """Choose the shares.

        Args:
            kind: What is predicted.
            name: The name of the network.
            outputs: Its outputs for the series that it was not fitted to, in the order of the splits.
            series: All series.
            splits: Series to fit plain methods to, and others to predict. A series that is predicted several times
                counts once.
            whole: The series to fit them to at the end.
            seed: Seed of random forests.
        """
        places = np.concatenate([test for _, test in splits])
        _, targets, weights = series.at(places)
        weights = weights / np.bincount(places)[places]
        heat, network = calibrated(kind, outputs, series, splits)
        found, fittings = {name: network}, {}
        for method, settings in kind.candidates(seed).items():
            fittings[method], found[method] = best_fitting(kind, settings, series, splits)
        every = np.stack(list(found.values()))
        errors = np.stack([kind.errors(each, targets) for each in every])
        useful = beats_constant(errors, weights)
        shares = np.zeros(len(every))
        shares[useful] = kind.mixture(every[useful], targets, weights)
        chosen = dict(zip(found, shares.tolist(), strict=True))
        return cls(
            heat,
            chosen,
            {method: kind.loss(each, targets, weights) for method, each in found.items()},
            {method: fitting(*series.at(whole)) for method, fitting in fittings.items() if chosen[method] > 0},
        )

    @classmethod
    def alone(cls, name: str) -> "Stack":
        """The network without plain methods."""
        return cls(1.0, {name: 1.0}, {}, {})

    def verdict(self, kind: AbstractKind, subject: Subject = SERIES, scale: float = 1.0) -> str:
        """Say which method predicts best, and what the prediction is made of.

        Args:
            kind: What is predicted.
            subject: What it is predicted of.
            scale: By what to multiply losses.
        """
        network, *others = self.losses
        best = min(self.losses, key=self.losses.__getitem__)
        other = min(others, key=self.losses.__getitem__) if best == network else network
        loss, more = (f"{scale * self.losses[method]:.3g}" for method in (best, other))
        parts = [f"{100 * share:.0f}% {method}" for method, share in self.weights.items() if share > 0]
        mixed = f"the prediction is {', '.join(parts)}"
        better = f"is better than {_described(other, subject)} here: {kind.measure} {loss} against {more}"
        if loss == more:
            better = f"is as good as {_described(other, subject)} here: {kind.measure} {loss}"
        start = _described(best, subject)
        return f"{start[0].upper()}{start[1:]} {better} on {subject.nouns[1]} that they were not fitted to; {mixed}."

    @property
    def network_share(self) -> float:
        """The share of the network."""
        return next(iter(self.weights.values()))

    def predict(self, network: Outputs | None, features: Features | None) -> Outputs:
        """Mix predictions.

        Args:
            network: The prediction of the network; none if its share is zero.
            features: The summary features of the series; none if the network is alone.
        """
        parts = [] if network is None else [self.network_share * network]
        if features is not None:
            parts += [self.weights[method] * predictor(features) for method, predictor in self.predictors.items()]
        return np.sum(parts, axis=0)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        predictors = {method: plain.to_text(predictor) for method, predictor in self.predictors.items()}
        return {**{name: getattr(self, name) for name in ("heat", "weights", "losses")}, "predictors": predictors}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Stack":
        """Restore from `to_dict`."""
        predictors = {method: plain.from_text(each) for method, each in saved["predictors"].items()}
        return cls(saved["heat"], dict(saved["weights"]), dict(saved["losses"]), predictors)
