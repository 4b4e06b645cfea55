"""The rows of the table, in order."""

from benchmarks.row import Row
from benchmarks.rows import (
    adjoints,
    brownian,
    classifier,
    coefficients,
    compile_time,
    controlled,
    eager,
    equilibrium,
    latent_sde,
    lorenz,
    lorenz_lanes,
    neural_ode,
    noise,
    quadratic,
    signatures,
)


def all_rows() -> list[Row]:
    """All rows."""
    return [
        *lorenz.rows(),
        *lorenz_lanes.rows(),
        *neural_ode.rows(),
        *adjoints.rows(),
        *noise.rows(),
        *brownian.rows(),
        *controlled.rows(),
        *classifier.rows(),
        *equilibrium.rows(),
        *latent_sde.rows(),
        *coefficients.rows(),
        *signatures.rows(),
        *quadratic.rows(),
        *compile_time.rows(),
        *eager.rows(),
    ]
