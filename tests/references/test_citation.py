"""What is cited for objects of the library."""

import functools
import importlib
import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from docs._hooks.built_reference import ROOMS
from nde.references.bibliography import bibliography, identifiers_of

ALWAYS = ["kidger2021neural", "bradbury2018jax"]
PUBLIC = {
    f"{room.__name__}.{name}": getattr(room, name)
    for room in (nde, *(importlib.import_module(f"nde.{room}") for room in ROOMS))
    for name in room.__all__
}
WITH_SOURCES = {name: thing for name, thing in PUBLIC.items() if callable(thing) and "doi:" in (thing.__doc__ or "")}


def keys(cited: nde.Citation) -> list[str]:
    """The keys of its entries, without those that are always there."""
    found = [line.partition("{")[2].rstrip(",") for line in cited.bibtex.splitlines() if line.startswith("@")]
    assert found[:2] == ALWAYS
    assert len(found) == len(cited.references)
    return found[2:]


def test_the_thesis_and_jax_are_always_cited():
    cited = nde.citation(None, lambda t, y: -y, {"weights": jnp.ones(2)}, t0=3.0, y0=jnp.ones(2))
    assert keys(cited) == []
    assert cited.sentences == (
        r"This work uses nde, a library for neural differential equations~\cite{kidger2021neural} in "
        r"JAX~\cite{bradbury2018jax}.",
    )


@pytest.mark.parametrize("name", WITH_SOURCES)
def test_every_public_method_with_a_doi_is_cited_by_it(name: str):
    cited = nde.citation(WITH_SOURCES[name])
    wanted = dict.fromkeys(identifiers_of(WITH_SOURCES[name].__doc__))
    expected = [bibliography()[each].key for each in wanted if each in bibliography()]
    assert expected
    assert [key for key in expected if key not in ALWAYS] == keys(cited)
    assert WITH_SOURCES[name].__name__.replace("_", r"\_") in cited.sentences[-1]


def test_a_call_by_its_arguments():
    brownian = nde.VirtualBrownianTree(0.0, 1.0, 1e-2, (), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
    call = {
        "terms": nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1, brownian)),
        "solver": nde.HalfSolver(nde.EulerHeun()),
        "stepsize_controller": nde.ClipStepSizeController(nde.PIDController(rtol=1e-3, atol=1e-3)),
        "adjoint": nde.BacksolveAdjoint(),
        "t0": 0.0,
        "saveat": nde.SaveAt(t1=True),
    }
    cited = nde.citation(**call)
    assert keys(cited) == [
        "jelincic2024single",
        "foster2020optimal",
        "hairer1993solving",
        "gaines1997variable",
        "kloeden1992numerical",
        "soderlind2003digital",
        "chen2018neural",
        "li2020scalable",
        "kidger2021hey",
    ]
    assert cited.sentences[1] == (
        r"The differential equations were solved with "
        r"\texttt{HalfSolver}~\cite{hairer1993solving,gaines1997variable} and "
        r"\texttt{EulerHeun}~\cite{kloeden1992numerical}."
    )
    assert len(cited.sentences) == 5
    assert str(cited) == repr(cited) == "\n".join([*cited.sentences, "", cited.bibtex])
    del call["t0"]
    assert keys(nde.citation(*call.values())) == keys(nde.citation([call])) == keys(cited)


def test_a_model_cites_its_networks_and_an_estimator_its_model():
    model = nde.models.NeuralCDE(2, 8, 3, key=jax.random.key(0))
    assert "kidger2020neural" in keys(nde.citation(model))
    estimator = nde.estimators.NeuralODEForecaster()
    assert keys(nde.citation(estimator)) == ["rubanova2019latent"]
    estimator.model_ = model
    assert {"rubanova2019latent", "kidger2020neural"} <= {*keys(nde.citation(estimator))}


def test_functions_in_modules_and_partial_functions():
    network = eqx.nn.MLP(1, 1, 4, 1, activation=nde.nn.lipswish, key=jax.random.key(0))
    assert keys(nde.citation(network)) == ["chen2019residual"]
    assert keys(nde.citation(functools.partial(nde.cdeint, solver=nde.Bosh3()))) == [
        "kidger2020neural",
        "bogacki1989pair",
    ]


def test_a_class_without_a_source_is_from_where_its_base_is():
    class Mine(nde.Tsit5):
        """A method of one's own."""

    assert keys(nde.citation(Mine())) == ["tsitouras2011runge"]
    assert r"\texttt{Tsit5}" in nde.citation(Mine()).sentences[-1]


def test_what_is_used_twice_is_cited_once():
    cited = nde.citation(nde.Tsit5(), nde.Tsit5(), nde.Tsit5)
    assert keys(cited) == ["tsitouras2011runge"]
    assert cited.sentences[-1].count("Tsit5") == 1


def test_objects_that_hold_each_other_end():
    circle = [nde.Tsit5()]
    circle.append(circle)
    assert keys(nde.citation(circle)) == ["tsitouras2011runge"]


def test_without_docstrings_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nde.citation, "__doc__", None)
    with pytest.raises(RuntimeError, match="-OO"):
        nde.citation(nde.Tsit5())


@pytest.mark.parametrize("value", ["Tsit5", b"Tsit5", 3, True, 0.5, 1j, np.float64(0.5)])
def test_strings_and_numbers_are_no_methods(value):
    with pytest.raises(TypeError, match=r"needs objects, classes or functions, such as nde\.Tsit5\(\).*; got "):
        nde.citation(nde.Euler(), value)


def test_a_string_by_name_is_no_method_either():
    with pytest.raises(TypeError, match=r"got 'Tsit5'\.$"):
        nde.citation(solver="Tsit5")


def test_an_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match=r"keyword argument 'foo', which nothing in nde takes. Pass objects without"):
        nde.citation(foo=1)
    with pytest.raises(TypeError, match=r"'solvr', which nothing in nde takes. Did you mean 'solver'"):
        nde.citation(solvr=nde.Tsit5())
    for function in (nde.diffeqsolve, nde.odeint, nde.sdeint, nde.cdeint):
        names = [name for name in inspect.signature(function).parameters if name != "kwargs"]
        assert keys(nde.citation(**dict.fromkeys(names))) == []
