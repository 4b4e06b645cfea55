"""Forecast series."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from nde.cli.cells import check_finite, rounded, time_texts
from nde.cli.files import csv_text
from nde.cli.panels.config import PanelConfig, file_of_run
from nde.cli.panels.forecast_times import check_times, forecast_times
from nde.cli.panels.holdout import Holdout, hold_out_future, hold_out_last_rows
from nde.cli.panels.plain_forecasts import coverage, plain_scores
from nde.cli.panels.task import COMMON_OPTIONS, PanelData, Scores, query_file, read_like
from nde.cli.panels.trajectories import AbstractTrajectoryTask, Words, refuse_steps
from nde.cli.task import Predictions, Query
from nde.data import PanelFile, ReadOptions
from nde.data.panel import TimeSeries
from nde.data.panel.windows import last_rows
from nde.estimators import NeuralODEForecaster, PanelForecaster
from nde.models.registry import LATENT_MODELS


class ForecastingTask(AbstractTrajectoryTask):
    """Forecast series."""

    name = "forecast"
    option = ""
    options = COMMON_OPTIONS | {"window"}
    models = ("forecast", *LATENT_MODELS)
    default = "forecast"
    words = Words(
        title="Forecast of",
        heading="Series and their forecasts",
        withheld="observations that came later",
        withheld_label="came later",
        predicted_label="forecast",
        shown="The model saw the dots, and forecast what is shaded; circles are what came.",
        baseline=(
            "Last value, mean, drift and seasonal naive continue each series by its last value, its mean, the line "
            "through its first and last value, and the values one season before"
        ),
        of_few=lambda count: f"The last fifth of {'its rows' if count == 1 else 'the rows of each'}",
        needed="observations in the first two thirds of its time, and after them",
        useless="nothing to forecast from, or nothing to forecast",
        command="--horizon 10 --out forecast.csv",
        program="print(model.predict(panel, times=[panel.ts.max() + 1]))",
        compared=(
            "Each method forecasts the series of the training part from several points of their past, and sees only "
            "the rows before. The error of a series is its root mean squared error over its mean absolute step from "
            "value to value, MASE its mean absolute error over the same; both are averages over the series. RMSE is "
            "in the unit of the channel, all series together. The last column is the share of values within the "
            "method's own interval of 80%, before its width is corrected."
        ),
    )

    def prepare(self, config: PanelConfig, source: PanelFile) -> PanelData:
        """Split the series, or their last rows if a window is given, and withhold the end of those of the test."""
        if config.window is None:
            return super().prepare(config, source)
        remark = f"Only the last {config.window} rows of each series are used."
        panel, notes = last_rows(source.panel, config.window), (*source.notes, remark)
        return super().prepare(config, dataclasses.replace(source, panel=panel, notes=notes))

    @property
    def choice(self) -> str:
        """The value of `--task` that asks for it; none does."""
        return ""

    def estimator(self, model: str, **settings: Any) -> Any:
        """The forecaster."""
        if model == self.default:
            refuse_steps(settings, LATENT_MODELS)
            return PanelForecaster(progress=settings["progress"])
        return NeuralODEForecaster(encoder=LATENT_MODELS[model], **settings)

    def baselines(self, holdout: Holdout, train: TimeSeries) -> Scores:
        """The scores of the plain methods."""
        return plain_scores(holdout, train)

    def more_scores(self, estimator: Any, holdout: Holdout) -> dict[str, Any]:
        """The coverage of intervals, if there are some."""
        return {"coverage": coverage(estimator, holdout)} if isinstance(estimator, PanelForecaster) else {}

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
        # Without a file, the format of dates is that of --times.
        reading = ReadOptions() if query.file is None else query.reading
        if query.file is None:
            query = dataclasses.replace(query, file=file_of_run(folder))
        file = query_file(folder, query, "one of forecast", times=True)
        check_times(query)
        source, data = read_like(metrics, file, reading), metrics["data"]
        window = metrics["settings"].get("window")
        panel = source.panel if window is None else last_rows(source.panel, window)
        times = forecast_times(panel, query, source.options)
        frames = self._frames(self.load(folder), panel, times)
        rows = []
        for place, (name, frame) in enumerate(zip(panel.ids, frames, strict=True)):
            texts, values = time_texts(panel.clock, times[place], place), frame.to_numpy()
            check_finite(values, texts)
            rows += [
                [f"{name}", text, *(rounded(value) for value in own)] for text, own in zip(texts, values, strict=True)
            ]
        return Predictions(csv_text([data["series"], data["time"], *frames[0].columns], rows), source.notes)

    def _frames(self, estimator: Any, panel: TimeSeries, times: list[Float[np.ndarray, " _"]]) -> list[pd.DataFrame]:
        """The forecast of each series, with intervals if the forecaster has some."""
        if isinstance(estimator, PanelForecaster):
            return [forecast.to_frame() for forecast in estimator.forecast_each(panel, times)]
        return [pd.DataFrame(own, columns=panel.channels) for own in self.trajectories(estimator, panel, times)]
