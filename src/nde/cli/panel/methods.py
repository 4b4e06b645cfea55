"""The estimators that do the jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nde.cli.panel.job import Job
from nde.cli.panel.names import CLASSES


def estimator(job: Job, task: str, folder: Path, progress: Callable[[int, int, float], None]) -> Any:
    """An estimator that is not fitted yet.

    Args:
        job: What to do.
        task: What the target is.
        folder: For checkpoints and the log; if there are checkpoints, it goes on with them.
        progress: Told how many steps are done, of how many, and the loss.
    """
    from nde.estimators import NeuralCDEClassifier, NeuralCDERegressor  # noqa: PLC0415 (takes long to import)

    settings: dict[str, Any] = {"random_state": job.seed, "run": folder, "progress": progress, "model": job.model}
    if job.steps is not None:
        settings["steps"] = job.steps
    return (NeuralCDEClassifier if task == CLASSES else NeuralCDERegressor)(**settings)


def load(folder: Path) -> Any:
    """A fitted estimator as it was saved.

    Raises:
        DataError: If there is none.
    """
    from nde.estimators import load_estimator  # noqa: PLC0415 (takes long to import)

    return load_estimator(folder)
