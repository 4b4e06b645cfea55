"""Kinds of solvers, asked after with `isinstance` and `issubclass`."""

import pytest

import nde
from nde.solvers.registry import REGISTRY, STOCHASTIC

KINDS = [nde.AbstractAdaptiveSolver, nde.AbstractItoSolver, nde.AbstractStratonovichSolver, nde.AbstractWrappedSolver]


def kinds(solver):
    return [isinstance(solver, kind) for kind in KINDS]


@pytest.mark.parametrize("name", sorted({*REGISTRY, *STOCHASTIC}))
def test_every_method_is_what_its_attributes_say(name):
    solver = {**REGISTRY, **STOCHASTIC}[name]()
    wrapped = isinstance(getattr(solver, "solver", None), nde.AbstractSolver)
    said = [solver.adaptive, solver.calculus == "ito", solver.calculus == "stratonovich", wrapped]
    assert kinds(solver) == said
    assert solver.term_structure in (nde.AbstractTerm, nde.MultiTerm[tuple[nde.ODETerm, nde.AbstractTerm]])


CLASSES = {
    nde.Tsit5: [True, False, True, False],
    nde.Euler: [False, True, False, False],
    nde.ItoMilstein: [False, True, False, False],
    nde.EulerHeun: [False, False, True, False],
    nde.ALF: [True, False, False, False],
    nde.HalfSolver: [True, False, False, True],
    nde.AbstractSolver: [False, False, False, False],
    int: [False, False, False, False],
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_classes(cls):
    assert [issubclass(cls, kind) for kind in KINDS] == CLASSES[cls]


def test_a_kind_is_that_of_the_settings():
    half = nde.HalfSolver(nde.Euler())
    assert kinds(half) == [True, True, False, True]
    without = nde.ExplicitRungeKutta(nde.ButcherTableau(c=[0.5], a_lower=[[0.5]], b_sol=[0, 1]), order=2)
    assert kinds(without) == [False, False, True, False]
    assert not any(isinstance(thing, kind) for thing in (None, 1, nde.Tsit5) for kind in KINDS)


def test_one_of_ones_own():
    class Mine(nde.Tsit5, nde.AbstractStratonovichSolver):
        pass

    assert isinstance(Mine(), nde.AbstractStratonovichSolver)
    assert not isinstance(nde.Tsit5(), Mine)
    assert not issubclass(nde.Tsit5, Mine)


def test_the_field_as_a_solver_sees_it():
    terms = nde.ODETerm(lambda t, y, args: t * y * args)
    assert nde.Tsit5().func(terms, 2.0, 3.0, 4.0) == 24.0
