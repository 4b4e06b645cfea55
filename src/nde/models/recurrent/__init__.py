"""Recurrent networks for irregular time series, the usual baselines."""

from nde.models.recurrent.gru_d import GRUD
from nde.models.recurrent.gru_delta_t import GRUDeltaT
from nde.models.recurrent.ode_rnn import ODERNN

__all__ = ["GRUD", "ODERNN", "GRUDeltaT"]
