"""What drives a state: a vector field times a control."""

from nde.terms.base import AbstractTerm
from nde.terms.ode import ODETerm

__all__ = ["AbstractTerm", "ODETerm"]
