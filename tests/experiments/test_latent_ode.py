"""Latent models go on beyond the data, to a stated error."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from experiments.latent_ode import PROBLEMS, errors, oscillators, trained


def test_the_oscillators_are_those_of_their_equation():
    ts, ys, truth = oscillators(0, 3)
    matrix = np.array([[-0.1, 1.3], [-1.0, -0.1]])
    times = np.array([3.0, 12.0])
    for place in range(3):
        found = solve_ivp(lambda t, y: matrix @ y, (ts[place, 0], 12.0), ys[place, 0], t_eval=times, rtol=1e-9)
        np.testing.assert_allclose(truth(np.tile(times, (3, 1)))[place], found.y.T, atol=1e-5)


@pytest.mark.slow
def test_oscillators_are_gone_on_with_for_four_times_their_duration():
    problem = PROBLEMS[0]
    found = errors(problem, 0, trained(problem, 0))
    assert found["deviation"] > 0.4
    assert found["beyond"] < 0.05
