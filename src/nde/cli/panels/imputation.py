"""Fill the gaps of series."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.cells import check_finite, exact, heads_of, rounded, series_cells, time_texts
from nde.cli.files import csv_text
from nde.cli.panels.config import file_of_run
from nde.cli.panels.holdout import Holdout, hide_observations, hold_out_observations
from nde.cli.panels.task import COMMON_OPTIONS, Scores, query_file, read_like
from nde.cli.panels.trajectories import AbstractTrajectoryTask, Words, refuse_steps
from nde.cli.panels.trajectory_scores import Values, baseline_scores, linear_interpolation
from nde.cli.task import Predictions, Query
from nde.data.panel import TimeSeries
from nde.estimators import LatentODEImputer, PanelImputer
from nde.models.registry import LATENT_MODELS


class ImputationTask(AbstractTrajectoryTask):
    """Fill the gaps of series."""

    name = "impute"
    option = "--impute"
    options = COMMON_OPTIONS | {"impute"}
    models = ("smoother", *LATENT_MODELS)
    default = "smoother"
    words = Words(
        title="Gaps of",
        heading="Series with gaps",
        withheld="hidden observations",
        withheld_label="hidden",
        predicted_label="filled",
        shown="Circles were hidden from the model, dots it saw.",
        baseline=(
            "Linear interpolation draws a line between the observations of a channel, and is constant before the first "
            "and after the last"
        ),
        of_few=lambda count: f"A fifth of {'its observations' if count == 1 else 'the observations of each'}",
        needed="five observations of a channel, to hide one",
        useless="too few observations to hide some",
        command="--out filled.csv",
        program="print(model.transform(panel).ys)",
        compared=(
            "Each method predicts observations of the training part that were hidden from it, some alone and some in "
            "a row. The error of a series is its root mean squared error over its mean absolute step from value to "
            "value, averaged over the series. RMSE is in the unit of the channel, all series together."
        ),
    )

    @property
    def choice(self) -> str:
        """The value of `--task` that asks for it; none does."""
        return ""

    def estimator(self, model: str, **settings: Any) -> Any:
        """The imputer."""
        if model == self.default:
            refuse_steps(settings, LATENT_MODELS)
            return PanelImputer(progress=settings["progress"], random_state=settings["random_state"])
        return LatentODEImputer(encoder=LATENT_MODELS[model], **settings)

    def baselines(self, holdout: Holdout, train: TimeSeries) -> Scores:
        """The scores of lines, and of the mean."""
        return baseline_scores(holdout, train, "linear interpolation", linear_interpolation)

    def more_scores(self, estimator: Any, holdout: Holdout) -> dict[str, Any]:
        """None."""
        del estimator, holdout
        return {}

    def hold_out(self, panel: TimeSeries, seed: int) -> Holdout | None:
        """Withhold a fifth of the observations."""
        return hold_out_observations(panel, seed)

    def hold_out_few(self, panel: TimeSeries, seed: int) -> Holdout | None:
        """The same."""
        return hold_out_observations(panel, seed)

    def training_series(self, panel: TimeSeries, holdout: Holdout, seed: int) -> TimeSeries:
        """All series without what was withheld, those of no use for the test as well."""
        del holdout
        return hide_observations(panel, seed)

    def values(self, estimator: Any, panel: TimeSeries, times: Float[np.ndarray, "series times"]) -> np.ndarray:
        """The imputation."""
        return estimator.impute(panel, times)

    def first_time(self, ts: Float[np.ndarray, " rows"]) -> float:
        """The first time."""
        return float(ts[0])

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """The rows of a file, by default that of the run: observations as they are, and predictions in their gaps."""
        if query.file is None:
            query = dataclasses.replace(query, file=file_of_run(folder))
        file, data = query_file(folder, query, "one that fills gaps"), metrics["data"]
        source = read_like(metrics, file, query.reading)
        panel = source.panel
        values = self.trajectories(self.load(folder), panel, [series.ts for series in panel])
        header = [*heads_of(data["series"], data["time"]), *panel.channels]
        return Predictions(csv_text(header, _filled(panel, values, data["series"])), source.notes)


def _filled(panel: TimeSeries, values: list[Values], column: str | None) -> Iterator[list[str]]:
    """The rows of a panel with its gaps filled; with the names of series if a column is for them."""
    for place, (series, predictions) in enumerate(zip(panel, values, strict=True)):
        times = time_texts(panel.clock, series.ts, place)
        check_finite(predictions, times, f"Leave series '{series.id}' out.")
        for time, ys, own in zip(times, series.ys, predictions, strict=True):
            cells = [rounded(p) if np.isnan(y) else exact(y) for y, p in zip(ys, own, strict=True)]
            yield [*series_cells(column, series.id), time, *cells]
