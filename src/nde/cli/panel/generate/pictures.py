"""Pictures of generated series beside real ones."""

from pathlib import Path

from nde.cli.panel.generate.done import GeneratedDone
from nde.cli.panel.learning import draw_learning
from nde.plot import plot_generated

_MOST_CHANNELS = 3


def draw(folder: Path, done: GeneratedDone) -> None:
    """Draws each of the first channels, and learning curves."""
    unit = done.data.panel.clock.unit
    time = f"{done.job.time}, since the first" if unit is None else f"{done.job.time} ({unit} since the first)"
    for channel, name in pictures_of(done).items():
        plot_generated(done.real, done.samples, channel=channel, time=time).savefig(folder / name)
    draw_learning(folder, done.model.history_)


def pictures_of(done: GeneratedDone) -> dict[str, str]:
    """The files, by the channel that each shows."""
    shown = done.data.panel.channels[:_MOST_CHANNELS]
    return {channel: f"generated{place or ''}.png" for place, channel in enumerate(shown)}
