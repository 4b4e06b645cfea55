"""The plot of errors by cost."""

import pytest

from nde.plot import SolverErrors, plot_solver_errors


def test_both_costs_of_each_problem():
    hyper, heun = SolverErrors("ours", [4], [1.0], [1e-3]), SolverErrors("Heun", [2, 4], [0.4, 0.8], [0.3, 0.1])
    figure = plot_solver_errors({"one": [hyper, heun], "two": [heun]})
    one, one_time, two, _ = figure.axes
    assert [line.get_xydata().tolist() for line in one.lines] == [[[4, 1e-3]], [[2, 0.3], [4, 0.1]]]
    assert one_time.lines[1].get_xydata().tolist() == [[0.4, 0.3], [0.8, 0.1]]
    assert [one.get_ylabel(), two.get_ylabel()] == ["one\nerror", "two\nerror"]
    assert {axes.get_xscale() for axes in figure.axes} == {"log"}


def test_misuse():
    with pytest.raises(ValueError, match="problems must not be empty"):
        plot_solver_errors({})
    with pytest.raises(ValueError, match="errors"):
        SolverErrors("Heun", [2, 4], [0.4, 0.8], [0.3])
