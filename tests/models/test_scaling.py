"""Equations that the command line shows."""

import jax
import numpy as np
import pytest

from nde.data import Table
from nde.models import HybridLotkaVolterra, NeuralSDE, NeuralTrajectory
from nde.models.scaling import free_symbol


@pytest.mark.parametrize(
    ("names", "symbol"), [(("x", "y"), "z"), (("x", "z"), "u"), (("z", "u", "v", "x", "y", "w"), "z1")]
)
def test_the_state_has_a_letter_of_its_own(names: tuple[str, ...], symbol: str):
    assert free_symbol(names) == symbol


def test_equations_of_networks_for_a_quantity_called_z():
    table = Table("t", ("x", "z"), np.arange(6.0), np.arange(12.0).reshape(6, 2) - 5)
    ode = NeuralTrajectory.from_table(table, key=jax.random.key(0))
    assert ode.equation().startswith("du / dt = f(u), u = (x, z) standardized")
    sde = NeuralSDE.from_tables([table], key=jax.random.key(0))
    assert sde.equation().startswith("du = f(u) dt + g(u) dW, u = (x, z) standardized")


def test_networks_have_other_names_than_the_quantities():
    table = Table("t", ("f", "g"), np.arange(6.0), np.arange(12.0).reshape(6, 2) - 5)
    ode = NeuralTrajectory.from_table(table, key=jax.random.key(0))
    assert ode.equation().startswith("dz / dt = h(z), z = (f, g) standardized, h a network")
    sde = NeuralSDE.from_tables([table], key=jax.random.key(0))
    assert sde.equation().startswith("dz = p(z) dt + q(z) dW, z = (f, g) standardized, p and q networks")
    hybrid = HybridLotkaVolterra.from_table(Table("t", ("f1", "g1"), table.ts, table.ys + 6), key=jax.random.key(0))
    first, second = hybrid.equation().split("\n")
    assert first.endswith(" + f1 f11(f1, g1)")
    assert second.endswith(" + g1 f2(f1, g1)")
