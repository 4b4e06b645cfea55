"""Tableaus of stochastic Runge-Kutta methods: such a method is data, as a deterministic one is."""

import dataclasses

Row = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class NoiseWeights:
    """How an increment (or a Lévy area) enters stages and step.

    Attributes:
        a: For each stage its weights of the stages before; for additive noise one number a stage.
        b: The weights of the step; for additive noise one number.
        b_error: The weights of the error estimate, if there is one; none for additive noise.
    """

    a: tuple[Row, ...]
    b: Row
    b_error: Row | None = None


@dataclasses.dataclass(frozen=True)
class StochasticTableau:
    """The coefficients of a stochastic Runge-Kutta method of `s` stages.

    With `f_i`, `g_i` the drift and the diffusion at `(t + c_i h, z_i)`, and `W`, `H` the increment and its space-time
    Lévy area,

        z_i = y + h sum_j a_ij f_j + sum_j g_j (w_ij W + v_ij H)

    and the step is the same sum with the weights `b`. For additive noise all `g_j` are one, and `w_i`, `v_i` are a
    number a stage.

    Attributes:
        c: Nodes of all stages.
        a: For each stage its weights of the drifts before.
        b: Weights of the drifts in the step.
        b_error: Weights of the drifts in the error estimate, or `None`.
        w: Weights of the increment.
        v: Weights of the area.
    """

    c: Row
    a: tuple[Row, ...]
    b: Row
    b_error: Row | None
    w: NoiseWeights
    v: NoiseWeights

    def uses_drift(self, stage: int) -> bool:
        """Whether the drift of a stage has a weight anywhere."""
        return _used(stage, self.a, self.b, self.b_error)

    def uses_diffusion(self, stage: int) -> bool:
        """Whether the diffusion of a stage has a weight anywhere."""
        return any(_used(stage, part.a, part.b, part.b_error) for part in (self.w, self.v))


def _used(stage: int, a: tuple[Row, ...], b: Row, b_error: Row | None) -> bool:
    rows = [row for row in a if len(row) > stage]
    return any(row[stage] for row in (*rows, b, *(() if b_error is None else (b_error,))))
