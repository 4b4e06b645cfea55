"""Generate series like those of a file."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.files import csv_text
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.generation_result import GenerationResult, compare_generated, sample_rows
from nde.cli.panels.split import drop_remarks, is_too_small, split_series
from nde.cli.panels.task import COMMON_OPTIONS, AbstractPanelTask, FittedEstimator, PanelData
from nde.cli.panels.windows import USUAL_WINDOW, cut_in_time, cut_series
from nde.cli.task import Predictions, Query
from nde.data import DataError, PanelFile
from nde.estimators import SeriesGenerator
from nde.models.registry import GENERATORS

_EXAMPLE = "such as --times 0,0.5,1"


class GenerationTask(AbstractPanelTask):
    """Generate series like those of a file."""

    name = "generate"
    option = "--task"
    options = COMMON_OPTIONS | {"task", "window"}
    models = GENERATORS
    default = next(iter(GENERATORS))

    @property
    def choice(self) -> str:
        """The value of `--task` that asks for it."""
        return self.name

    def sizes(self, model: str) -> frozenset[str]:
        """The size of the state, and the width of networks, whose depth is fixed."""
        del model
        return frozenset({"hidden", "width"})

    def estimator(self, model: str, **settings: Any) -> Any:
        """The generator."""
        return SeriesGenerator(model=model, **settings)

    def prepare(self, config: PanelConfig, source: PanelFile) -> PanelData:
        """Split the series, and cut them into windows."""
        if is_too_small(config, source):
            split, remarks = cut_in_time(source.panel, config.window or USUAL_WINDOW)
        else:
            split, remarks = cut_series(split_series(config, source), config.window)
        split = split.drop(config) if config.drop else split
        return PanelData(split, (*source.notes, *remarks, *drop_remarks(config)))

    def evaluate(self, config: PanelConfig, data: PanelData, model: FittedEstimator) -> GenerationResult:
        """Compare generated series with real ones."""
        return compare_generated(self, config, data, model)

    def predict(self, folder: Path, metrics: dict[str, Any], query: Query) -> Predictions:
        """Refuse: such a run predicts nothing."""
        del metrics, query
        raise DataError(f"The run {folder} generates series; use `nde sample {folder} --n 100`.")

    def sample(self, folder: Path, metrics: dict[str, Any], count: int, times: str | None, seed: int) -> str:
        """Generate series by the model of a finished run, as CSV.

        Args:
            folder: The folder of the run.
            metrics: The content of its `metrics.json`.
            count: How many series.
            times: With commas, counted from the beginning of a series; by default as in the data.
            seed: Of random numbers.

        Raises:
            DataError: If the run is of another task, or the times make no sense.
        """
        if metrics["task"] != self.name:
            raise DataError(
                f"The run {folder} predicts ({metrics['task']}); use `nde predict`. Only a run of `nde fit --task "
                f"{self.name}` can be sampled."
            )
        parsed = None if times is None else _times(times)
        samples = self.load(folder).sample(count, times=parsed, random_state=seed)
        if not np.isfinite(samples.ys).all():
            raise DataError("Generated values are not finite: the model diverges. Choose earlier times, or fit again.")
        data = metrics["data"]
        return csv_text([data["series"], data["time"], *samples.channels], sample_rows(samples))


def _times(text: str) -> Float[np.ndarray, " times"]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        times = np.array([float(part) for part in parts])
    except ValueError as error:
        raise DataError(f"Got --times {text}: {error}; expected numbers separated by commas, {_EXAMPLE}.") from None
    if len(times) < 2 or not (np.diff(times) > 0).all() or times[0] < 0:
        raise DataError(
            f"--times must be at least two increasing times since the first of a series, {_EXAMPLE}; got {text}."
        )
    return times
