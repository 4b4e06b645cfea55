"""What drives a state: a vector field times a control."""

from nde.terms.base import AbstractTerm
from nde.terms.calculus import check_real, drift_and_diffusion, ito_to_stratonovich, self_advection, stratonovich_to_ito
from nde.terms.commutative import check_commutative
from nde.terms.control import ControlTerm
from nde.terms.controlled import ControlledODETerm
from nde.terms.logqp import with_logqp
from nde.terms.multi import MultiTerm
from nde.terms.ode import ODETerm
from nde.terms.weakly_diagonal import WeaklyDiagonalControlTerm

__all__ = [
    "AbstractTerm",
    "ControlTerm",
    "ControlledODETerm",
    "MultiTerm",
    "ODETerm",
    "WeaklyDiagonalControlTerm",
    "check_commutative",
    "check_real",
    "drift_and_diffusion",
    "ito_to_stratonovich",
    "self_advection",
    "stratonovich_to_ito",
    "with_logqp",
]
