"""The main job for equations with noise: models fitted to series, judged, and written down."""

import jax

from nde.cli.console import bar, note
from nde.cli.folder import check_new, new_folder
from nde.cli.noise.done import WALK, Done
from nde.cli.noise.job import Job
from nde.cli.noise.tables import table_of_parameters, table_of_scores
from nde.cli.noise.verdict import verdict
from nde.cli.noise.write import write
from nde.data import Table
from nde.models import SDE_MODELS, AbstractSDEModel, RandomWalk
from nde.train import SDEFit, fit_sde


def run(job: Job) -> Done:
    """Fits, judges, writes and prints.

    Raises:
        DataError: If the job makes no sense; then nothing was written.
    """
    check_new(job.folder)
    done = fitted_and_judged(job)
    with new_folder(job.folder) as folder:
        write(folder, done)
    tell(done)
    return done


def fitted_and_judged(job: Job) -> Done:
    """The job without its writing.

    Raises:
        DataError: If it makes no sense.
    """
    names = job.models()
    fitted, held = job.split()
    rows, key = list(fitted.values()), jax.random.key(job.seed)
    begun = {name: SDE_MODELS[name].from_tables(rows, job.transform, key=key) for name in names}
    walk = RandomWalk.from_tables(rows, job.transform)
    fits = {name: _fitted(name, model, rows, job.steps) for name, model in begun.items()}
    verdicts = {
        name: verdict(found.model, found, job.tables, fitted, held, seed=job.seed) for name, found in fits.items()
    }
    best = max(verdicts, key=lambda name: verdicts[name].merit())
    verdicts[WALK] = verdict(walk, None, job.tables, fitted, held, seed=job.seed)
    return Done(job, fitted, held, verdicts, best)


def tell(done: Done) -> None:
    """Prints what was found."""
    note(table_of_scores(done))
    for name, each in done.verdicts.items():
        if each.fit is not None and each.fit.standard_errors:
            note(table_of_parameters(name, done))
    note(f"\n{done.verdicts[done.best].model.equation()}\n\nreport: {done.job.folder / 'report.html'}\n")


def _fitted(name: str, model: AbstractSDEModel, tables: list[Table], steps: int) -> SDEFit:
    with bar(name, steps) as progress:
        return fit_sde(model, tables, steps=steps, progress=progress)
