"""Predict the class, or a number, of each row of a table without times."""

from nde.cli.panels.classification import AbstractClassificationTask
from nde.cli.panels.regression import AbstractRegressionTask
from nde.cli.rows.subject import ROW_OPTIONS, RowSubject
from nde.models.registry import ROW_MODELS

_DATA = "rows without times"


class RowClassificationTask(AbstractClassificationTask):
    """Predict the class of each row."""

    name = "row-classes"
    data = _DATA
    subject = RowSubject()
    options = ROW_OPTIONS
    models = ROW_MODELS
    default = next(iter(ROW_MODELS))

    def sizes(self, model: str) -> frozenset[str]:
        """The size of the state."""
        del model
        return frozenset({"hidden"})


class RowRegressionTask(AbstractRegressionTask):
    """Predict a number for each row."""

    name = "row-numbers"
    data = _DATA
    subject = RowSubject()
    options = ROW_OPTIONS
    models = ROW_MODELS
    default = next(iter(ROW_MODELS))

    def sizes(self, model: str) -> frozenset[str]:
        """The size of the state."""
        del model
        return frozenset({"hidden"})
