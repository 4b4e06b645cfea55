"""Recurrent networks for irregular series, with which papers compare."""

from nde.models.recurrent.gru_d import GRUD
from nde.models.recurrent.gru_delta_t import GRUDeltaT
from nde.models.recurrent.ode_rnn import ODERNN

__all__ = ["GRUD", "ODERNN", "GRUDeltaT"]
