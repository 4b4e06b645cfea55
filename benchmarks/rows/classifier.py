"""A neural CDE classifier: a training step, and the first step including compilation."""

from dataclasses import replace

from benchmarks.classifier import Classifier
from benchmarks.peers.classifier import (
    DIFFRAX_CLASSIFIER,
    DIFFRAX_CLASSIFIER_TUNED,
    OUR_CLASSIFIER,
    SCANNED_CLASSIFIER,
)
from benchmarks.peers.torch_classifier import TORCH_CLASSIFIER
from benchmarks.row import Row
from benchmarks.side import Side

WORK = "Neural CDE classifier 32 × 29 × 14, hidden 32, width 64"


def rows() -> list[Row]:
    """Data of the size of a small archive, without gaps."""
    problem = Classifier(batch=32, times=29, channels=14, hidden=32, width=64, classes=9)
    targets: dict[Side, float | None] = {
        DIFFRAX_CLASSIFIER: 1.5,
        DIFFRAX_CLASSIFIER_TUNED: 1.5,
        TORCH_CLASSIFIER: 5.0,
        SCANNED_CLASSIFIER: None,
    }
    first: dict[Side, float | None] = {
        replace(DIFFRAX_CLASSIFIER, first=True): None,
        replace(DIFFRAX_CLASSIFIER_TUNED, first=True): None,
    }
    return [
        Row(f"{WORK}, training step", problem, OUR_CLASSIFIER, targets, reference=lambda: problem.losses),
        Row(f"{WORK}, first step, compilation included", problem, replace(OUR_CLASSIFIER, first=True), first),
    ]
