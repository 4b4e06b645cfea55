"""Mixtures of predictions, with weights chosen on series that the predictions were not fitted to."""

import numpy as np
from jaxtyping import Bool, Float, Int

_ROUNDS = 500
_PRIOR, _PRIOR_SHARE = 1.0, 0.03
"""Series that count for the equal weights: this many, or this share of all."""
_LEAST = 0.1
"""A weight below this is zero."""
LEAST_PROBABILITY = 1e-6
"""A class of less probability counts as one of this."""
_TEMPERATURES = np.geomspace(0.25, 16.0, 61)

Probabilities = Float[np.ndarray, "series classes"]


def beats_constant(
    errors: Float[np.ndarray, "methods series"], weights: Float[np.ndarray, " series"]
) -> Bool[np.ndarray, " methods"]:
    """Which methods are better than a constant on average.

    Args:
        errors: The loss of each method for each series; the last method is the constant, which is always one of them.
        weights: The weight of each series.
    """
    losses = errors @ weights
    return (losses < losses[-1]) | (np.arange(len(errors)) == len(errors) - 1)


def class_mixture(
    likelihoods: Float[np.ndarray, "methods series"], weights: Float[np.ndarray, " series"]
) -> Float[np.ndarray, " methods"]:
    """The weights of a mixture of probabilities with the least log loss, by expectation maximization.

    Args:
        likelihoods: The probability that each method gives to the class of each series.
        weights: The weight of each series.

    Returns:
        The weights of the methods, which sum to one.
    """
    count, prior = len(likelihoods), _prior(weights)
    found, likelihoods = np.full(count, 1 / count), np.maximum(likelihoods, LEAST_PROBABILITY)
    for _ in range(_ROUNDS):
        shares = found[:, None] * likelihoods
        own = (shares / shares.sum(axis=0)) @ weights + prior / count
        found = own / own.sum()
    return without_traces(found)


def number_mixture(
    predictions: Float[np.ndarray, "methods series output"],
    targets: Float[np.ndarray, "series output"],
    weights: Float[np.ndarray, " series"],
) -> Float[np.ndarray, " methods"]:
    """The weights of a mixture of numbers with the least squared error, non-negative and of sum one.

    Args:
        predictions: The predictions of each method.
        targets: The truth.
        weights: The weight of each series.

    Returns:
        The weights of the methods.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 (takes long to import)

    count, roots = len(predictions), np.sqrt(weights)[:, None]
    errors = ((predictions - targets) * roots).reshape(count, -1)
    typical = np.sqrt(np.mean(errors**2, axis=1).min()) + 1e-12
    # The last row asks for a sum of one; those before it are worth some series, and draw to equal weights.
    rows = [errors.T / typical, np.sqrt(_prior(weights)) * (np.eye(count) - 1 / count), np.full((1, count), 1e3)]
    wanted = np.concatenate([np.zeros(errors.shape[1] + count), [1e3]])
    found, _ = nnls(np.concatenate(rows), wanted)
    return without_traces(found)


def _prior(weights: Float[np.ndarray, " series"]) -> float:
    """How much the equal weights count."""
    return max(_PRIOR, _PRIOR_SHARE * float(weights.sum()))


def without_traces(weights: Float[np.ndarray, " methods"]) -> Float[np.ndarray, " methods"]:
    """The weights without those that hardly matter, of sum one."""
    found = np.where(weights / weights.sum() < _LEAST, 0.0, weights)
    return found / found.sum()


def temperature(
    logits: Float[np.ndarray, "members series classes"],
    codes: Int[np.ndarray, " series"],
    weights: Float[np.ndarray, " series"],
) -> float:
    """The factor by which to divide logits so that the members' mean probabilities have the least log loss.

    Source: Guo, Pleiss, Sun and Weinberger, *On calibration of modern neural networks* (2017),
    doi:10.48550/arXiv.1706.04599.
    """
    losses = [log_loss(softmax(logits / t).mean(axis=0), codes, weights) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def softmax(logits: Float[np.ndarray, "*shape classes"]) -> Float[np.ndarray, "*shape classes"]:
    """Probabilities of logits."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def log_loss(
    probabilities: Probabilities, codes: Int[np.ndarray, " series"], weights: Float[np.ndarray, " series"]
) -> float:
    """The mean of minus the logarithm of the probability of the true class."""
    return float(np.average(log_losses(probabilities, codes), weights=weights))


def log_losses(probabilities: Probabilities, codes: Int[np.ndarray, " series"]) -> Float[np.ndarray, " series"]:
    """Minus the logarithm of the probability of the true class of each series."""
    return -np.log(likelihood(probabilities, codes))


def likelihood(probabilities: Probabilities, codes: Int[np.ndarray, " series"]) -> Float[np.ndarray, " series"]:
    """The probability of the true class, at least a millionth."""
    return np.maximum(probabilities[np.arange(len(codes)), codes], LEAST_PROBABILITY)
