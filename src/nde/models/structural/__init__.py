"""Linear SDEs of time series, with an exact likelihood."""

from nde.models.structural.fitting import StructuralFit, fit_structural
from nde.models.structural.structural_sde import StructuralSDE

__all__ = ["StructuralFit", "StructuralSDE", "fit_structural"]
