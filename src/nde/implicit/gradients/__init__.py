"""How a fixed point is differentiated."""

from nde.implicit.gradients.base import AbstractFixedPointGradient
from nde.implicit.gradients.implicit import ImplicitGradient
from nde.implicit.gradients.one_step import OneStepGradient
from nde.implicit.gradients.phantom import PhantomGradient
from nde.implicit.gradients.reversible import ReversibleGradient
from nde.implicit.gradients.unrolled import UnrolledGradient

__all__ = [
    "AbstractFixedPointGradient",
    "ImplicitGradient",
    "OneStepGradient",
    "PhantomGradient",
    "ReversibleGradient",
    "UnrolledGradient",
]
