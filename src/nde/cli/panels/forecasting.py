"""Forecast series."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.cells import check_finite, rounded, time_texts
from nde.cli.files import csv_text
from nde.cli.panels.forecast_times import check_times, forecast_times
from nde.cli.panels.holdout import Holdout, hold_out_future, hold_out_last_rows
from nde.cli.panels.task import query_file, read_like
from nde.cli.panels.trajectories import AbstractTrajectoryTask, Words
from nde.cli.panels.trajectory_scores import last_value
from nde.cli.task import Predictions, Query
from nde.data.panel import TimeSeries
from nde.estimators import NeuralODEForecaster
from nde.models.registry import LATENT_MODELS


class ForecastingTask(AbstractTrajectoryTask):
    """Forecast series."""

    name = "forecast"
    option = ""
    baseline = ("last value", last_value)
    words = Words(
        title="Forecast of",
        heading="Series and their forecasts",
        withheld="observations that came later",
        withheld_label="came later",
        predicted_label="forecast",
        shown="The model saw the dots, and forecast what is shaded; circles are what came.",
        baseline="Last value continues the last observation of each channel",
        of_few=lambda count: f"The last fifth of {'its rows' if count == 1 else 'the rows of each'}",
        needed="observations in the first two thirds of its time, and after them",
        useless="nothing to forecast from, or nothing to forecast",
        command="--horizon 10 --out forecast.csv",
        program="print(model.predict(panel, times=[panel.ts.max() + 1]))",
    )

    def estimator(self, model: str, **settings: Any) -> Any:
        """The forecaster."""
        return NeuralODEForecaster(encoder=LATENT_MODELS[model], **settings)

    def hold_out(self, panel: TimeSeries, seed: int) -> Holdout | None:
        """Withhold the last third of the time."""
        del seed
        return hold_out_future(panel)

    def hold_out_few(self, panel: TimeSeries, seed: int) -> Holdout | None:
        """Withhold the last fifth of the rows."""
        del seed
        return hold_out_last_rows(panel)

    def training_series(self, panel: TimeSeries, holdout: Holdout, seed: int) -> TimeSeries:
        """What comes before that."""
        del panel, seed
        return holdout.inputs

    def values(self, estimator: Any, panel: TimeSeries, times: Float[np.ndarray, "series times"]) -> np.ndarray:
        """The forecast."""
        return estimator.predict(panel, times)

    def first_time(self, ts: Float[np.ndarray, " rows"]) -> float:
        """The last time that the model saw."""
        return float(ts[-1])

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Forecast each series of a file, a row for each time."""
        file = query_file(folder, query, "one of forecast", times=True)
        check_times(query)
        source, data = read_like(metrics, file, query.reading), metrics["data"]
        panel, times = source.panel, forecast_times(source.panel, query)
        rows = []
        values = self.trajectories(self.load(folder), panel, times)
        for place, (name, own) in enumerate(zip(panel.ids, values, strict=True)):
            texts = time_texts(panel.clock, times[place], place)
            check_finite(own, texts)
            for text, channels in zip(texts, own, strict=True):
                rows.append([f"{name}", text, *(rounded(value) for value in channels)])
        return Predictions(csv_text([data["series"], data["time"], *panel.channels], rows), source.notes)
