"""Tasks, models and estimators have one registry each, which the others read."""

import jax
import numpy as np
import pytest

from nde import TimeSeries
from nde.cli import registry
from nde.cli.panels.config import SIZES, PanelConfig
from nde.cli.panels.task import make_estimator
from nde.cli.tables.config import TableConfig
from nde.data import DataError, PanelFile
from nde.estimators import NeuralCDERegressor
from nde.estimators.recipes import recipe_of
from nde.models.recurrent import GRUD
from nde.models.registry import ENCODERS, GENERATORS, LATENT_MODELS, SERIES_MODELS, SeriesModel

COLUMNS = {"file": "waves.csv", "series": "who", "time": "t"}


def names_of(**options) -> tuple[list[str], str | None]:
    tasks, config = registry.choose_panel_tasks(PanelConfig(**COLUMNS, **options))
    return [task.name for task in tasks], config.model


def test_options_choose_the_task():
    assert names_of() == (["forecast"], "forecast")
    assert names_of(impute=True) == (["impute"], "smoother")
    assert names_of(target="kind") == (["classes", "numbers"], "neural-cde")
    assert names_of(target="kind", task="numbers") == (["numbers"], "neural-cde")
    assert names_of(task="generate") == (["generate"], "latent-sde")


@pytest.mark.parametrize(
    ("models", "name"), [((), "forecast-table"), (("hybrid",), "ode"), (("sde",), "sde"), (("sde-ou",), "sde")]
)
def test_the_model_of_a_table_chooses_the_task(models: tuple[str, ...], name: str):
    assert registry.choose_table_task(TableConfig("table.csv", models))[0].name == name


@pytest.mark.parametrize(("targets", "name"), [(["a", "b"], "classes"), ([0.5, 1.5], "numbers")])
def test_the_target_chooses_between_classes_and_numbers(targets: list, name: str):
    tasks, _ = registry.choose_panel_tasks(PanelConfig(**COLUMNS, target="kind"))
    panel = TimeSeries.from_arrays(np.zeros((2, 3)), targets=np.array(targets))
    assert registry.choose_by_target(tasks, PanelFile(panel, (), {})).name == name


@pytest.mark.parametrize("task", registry.PANEL_TASKS, ids=lambda task: task.name)
def test_every_run_finds_its_task(task):
    assert registry.task_of_run({"task": task.name}) is task
    assert task.default in task.models


@pytest.mark.parametrize("name", ["neural-ode", "neural-trajectory", "hybrid", "sde-ou"])
def test_runs_of_tables_are_known_by_their_models(name: str):
    assert registry.task_of_run({"best": name}).name == ("sde" if name == "sde-ou" else "ode")


def test_an_unknown_task_is_not_taken_for_another():
    with pytest.raises(KeyError):
        registry.task_of_run({"task": "anomalies"})
    with pytest.raises(DataError, match="got anomalies"):
        names_of(task="anomalies")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 10, "impute": True}, "--window 10 cannot be combined with --impute"),
        ({"width": 9}, "--width 9 cannot be combined with --model forecast, which has no sizes to choose"),
        ({"depth": 2, "impute": True}, "--depth 2 cannot be combined with --model smoother, which has no sizes"),
        ({"width": 9, "target": "kind", "model": "gru-d"}, "--width 9 .* --model gru-d, which has only --hidden"),
        ({"depth": 2, "task": "generate"}, "--depth 2 .* latent-sde, which has only --hidden and --width"),
        ({"window": 10, "target": "kind"}, "--window 10 cannot be combined with --task classes"),
        ({"impute": True, "target": "kind"}, "Got both --impute and --target kind"),
        ({"impute": True, "target": "kind", "task": "numbers"}, "Got both --task numbers and --impute"),
    ],
)
def test_options_of_other_tasks_are_refused(options: dict, message: str):
    with pytest.raises(DataError, match=message):
        names_of(**options)


@pytest.mark.parametrize("model", [*SERIES_MODELS, *LATENT_MODELS, *GENERATORS])
def test_sizes_reach_the_estimator(model: str):
    """Every size that a model has on the command line is a parameter of its estimator."""
    (task,) = (task for task in registry.PANEL_TASKS if model in task.models and task.name not in {"numbers", "impute"})
    sizes = {name: place + 3 for place, name in enumerate(sorted(task.sizes(model)))}
    config = PanelConfig("waves.csv", "who", "t", model=model, **sizes)
    parameters = make_estimator(task, config, None, lambda *_: None).get_params()
    assert {name: parameters[SIZES[name]] for name in sizes} == sizes


def test_a_model_that_is_added_is_known_to_estimators_and_tasks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SERIES_MODELS, "mine", SeriesModel(GRUD))
    assert names_of(target="kind", task="numbers", model="mine") == (["numbers"], "mine")
    task = registry.task_of_run({"task": "numbers"})
    estimator = task.estimator("mine", max_iter=1, n_estimators=1, random_state=0, progress=False)
    assert isinstance(estimator, NeuralCDERegressor)
    estimator.fit(np.eye(4), np.arange(4.0))
    assert isinstance(estimator.model_.models, GRUD)


@pytest.mark.parametrize("name", GENERATORS)
def test_every_generator_has_a_recipe_that_makes_it(name: str):
    assert isinstance(recipe_of(name).model(1, 2, 2, jax.random.key(0)), GENERATORS[name])


def test_every_latent_model_has_an_encoder():
    assert set(LATENT_MODELS.values()) <= set(ENCODERS)
