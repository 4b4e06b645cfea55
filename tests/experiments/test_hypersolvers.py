"""What the experiment computes of points and of pairs of times."""

import jax.numpy as jnp
import pytest

from experiments import hypersolvers


def test_errors():
    found = hypersolvers.errors(jnp.asarray([[1.0, 2.0], [0.0, 0.0]]), jnp.asarray([[1.0, 0.0], [0.0, 4.0]]))
    assert found == {"mean absolute": pytest.approx(1.5), "root mean square": pytest.approx(10**0.5)}


def test_the_verdict_counts_densities_on_which_both_errors_are_at_most_those_of_midpoint():
    def density(mean: float, root: float, time: float, seconds: float):
        ours, rival = {"mean absolute": mean, "root mean square": root}, {"mean absolute": 1.0, "root mean square": 1.0}
        return {"HyperHeun": ours, "Midpoint": rival, "ratio of times": time, "seconds": seconds}

    found = {"a": density(0.5, 1.0, 0.4, 20.0), "b": density(0.5, 1.1, 1.2, 31.0), "c": density(2.0, 0.1, 0.9, 30.0)}
    assert hypersolvers.verdict(found) == "Reached on 1, 2 and 2 of 3 (the last by wall time)."
