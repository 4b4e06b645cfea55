"""The estimators that do the jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nde.cli.panel.job import Job
from nde.cli.panel.names import CLASSES, COURSE_MODELS, FORECAST, GENERATE, IMPUTE


def estimator(job: Job, task: str, folder: Path, progress: Callable[[int, int, float], None]) -> Any:
    """An estimator that is not fitted yet.

    Args:
        job: What to do.
        task: What the target is, or what is done without one.
        folder: For checkpoints and the log; if there are checkpoints, it goes on with them.
        progress: Told how many steps are done, of how many, and the loss.
    """
    from nde import estimators  # noqa: PLC0415 (takes long to import)

    settings: dict[str, Any] = {"random_state": job.seed, "checkpoint_dir": folder, "progress": progress}
    if job.steps is not None:
        settings["max_iter"] = job.steps
    if task == GENERATE:
        return estimators.SeriesGenerator(model=job.model, **settings)
    if task in (FORECAST, IMPUTE):
        kind = estimators.LatentODEImputer if task == IMPUTE else estimators.NeuralODEForecaster
        return kind(encoder=COURSE_MODELS[job.model], **settings)
    kind = estimators.NeuralCDEClassifier if task == CLASSES else estimators.NeuralCDERegressor
    return kind(model=job.model, **settings)


def load(folder: Path) -> Any:
    """A fitted estimator as it was saved.

    Raises:
        DataError: If there is none.
    """
    from nde.estimators import load_estimator  # noqa: PLC0415 (takes long to import)

    return load_estimator(folder)
