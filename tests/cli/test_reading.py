"""Files as people have them, through the command line: options, dates in results, and runs that are used again."""

import csv
import dataclasses
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from nde.cli.commands.fit import fit
from nde.cli.commands.predict import predict
from nde.cli.panels import task
from nde.data import ReadOptions
from nde.estimators.forecasting import forecaster
from nde.estimators.forecasting.methods import PLAIN
from tests.cli import doubles
from tests.cli.test_fit import nde

MONTHS = [(2020 + place // 12, place % 12 + 1) for place in range(36)]
SEASON = 100 + 20 * np.sin(2 * np.pi * np.arange(36) / 12)
SERIES = ("--series", "who", "--time", "day")


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Methods that need no fit, in an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forecaster, "METHODS", {method.name: method for method in PLAIN})
    monkeypatch.setattr(task, "make_estimator", doubles.simple)
    monkeypatch.setattr(task, "load_estimator", doubles.load_simple)


def write(name: str, *lines: str) -> None:
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def metrics(folder: str = "run") -> dict:
    return json.loads(Path(folder, "metrics.json").read_text(encoding="utf-8"))


def test_a_table_of_another_country_is_forecast(monkeypatch, capsys):
    values = [f"{value:.2f}".replace(".", ",") for value in SEASON]
    rows = [f"01.{month:02d}.{year};{value}" for (year, month), value in zip(MONTHS, values, strict=True)]
    write("sales.csv", "Tag;Umsatz", *rows)
    fit = ("fit", "sales.csv", "--time", "Tag", "--state", "Umsatz", "--horizon", "6", "--out", "run")
    assert nde(monkeypatch, *fit) == 0
    assert "- Numbers were read with ',' as the decimal separator." in capsys.readouterr().out
    assert any("'01.01.2020' was read as 2020-01-01" in remark for remark in metrics()["remarks"])
    assert "Read with &#39;;&#39; between columns." in Path("run/report.html").read_text(encoding="utf-8")
    found = read("run/predictions.csv")
    assert [row["Tag"] for row in found] == [f"2023-{month:02d}-01" for month in range(1, 7)]
    np.testing.assert_allclose([float(row["Umsatz"]) for row in found], SEASON[:6], atol=0.01)
    assert nde(monkeypatch, "predict", "run", "--horizon", "6", "--out", "next.csv") == 0
    assert read("next.csv") == found


@pytest.mark.parametrize("command", [fit, predict])
def test_every_way_to_read_a_file_has_an_option(command, monkeypatch, capsys):
    fields = [field.name for field in dataclasses.fields(ReadOptions)]
    parameters = list(inspect.signature(command).parameters)
    assert parameters[parameters.index("sep") : parameters.index("duplicates") + 1] == fields
    assert nde(monkeypatch, command.__name__, "--help") == 0
    printed = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')} " in printed for name in fields)


@pytest.mark.parametrize(
    ("offset", "options", "end"),
    [("+05:30", (), "+05:30"), ("", ("--timezone", "Europe/Berlin"), "+01:00"), ("Z", (), "+00:00")],
)
def test_a_forecast_has_the_offset_of_its_table(offset: str, options: tuple[str, ...], end: str, monkeypatch):
    write(
        "sales.csv",
        "day,x",
        *(f"{y}-{m:02d}-01T00:00:00{offset},{v}" for (y, m), v in zip(MONTHS, SEASON, strict=True)),
    )
    assert nde(monkeypatch, "fit", "sales.csv", "--time", "day", "--state", "x", *options, "--out", "run") == 0
    assert read("run/predictions.csv")[0]["day"] == f"2023-01-01 00:00:00{end}"
    assert nde(monkeypatch, "predict", "run", "--out", "next.csv") == 0
    assert read("next.csv") == read("run/predictions.csv")


def test_numbers_that_look_like_dates_stay_numbers_if_wanted(monkeypatch):
    write("data.csv", "t,x", *(f"{20200101 + place},{place}" for place in range(20)))
    fit = ("fit", "data.csv", "--time", "t", "--state", "x", "--out")
    assert nde(monkeypatch, *fit, "dates") == 0
    assert read("dates/predictions.csv")[0]["t"] == "2020-01-21"
    assert nde(monkeypatch, *fit, "numbers", "--date-format", "number") == 0
    assert read("numbers/predictions.csv")[0]["t"] == "20200121"
    assert nde(monkeypatch, "predict", "numbers", "--out", "next.csv") == 0
    assert read("next.csv") == read("numbers/predictions.csv")


def test_rows_of_the_same_time(monkeypatch, capsys):
    write("data.csv", "t,x", *(f"{place // 2},{place % 2}" for place in range(40)))
    fit = ("fit", "data.csv", "--time", "t", "--state", "x", "--out", "run")
    assert nde(monkeypatch, *fit) == 2
    assert "Merge them by --duplicates mean, first or last" in " ".join(capsys.readouterr().err.split())
    assert nde(monkeypatch, *fit, "--duplicates", "mean") == 0
    assert {row["x"] for row in read("run/table.csv")} == {"0.5"}


def sites(offset: str = "", sep: str = ";") -> list[str]:
    """Eight sites of ten days each, with decimal commas."""
    rows = [
        sep.join((f"s{site}", f"{day:02d}/12/2023{offset}", f"{np.sin(day + site):.3f}".replace(".", ",")))
        for site in range(8)
        for day in range(11, 21)
    ]
    return [sep.join(("who", "day", "x")), *rows]


def test_a_run_reads_other_files_as_its_own(monkeypatch, capsys):
    write("sites.csv", *sites())
    assert nde(monkeypatch, "fit", "sites.csv", *SERIES, "--out", "run") == 0
    assert metrics()["data"]["reading"] == {"date_format": "dmy"}
    # Every day of this file could be a month.
    write("other.csv", "who;day;x", *(f"a;{day:02d}/12/2023;{day},5" for day in range(1, 8)))
    assert nde(monkeypatch, "predict", "run", "other.csv", "--horizon", "2", "--out", "next.csv") == 0
    assert [row["day"] for row in read("next.csv")] == ["2023-12-08", "2023-12-09"]
    assert [row["x"] for row in read("next.csv")] == ["7.5", "7.5"]
    assert nde(monkeypatch, "predict", "run", "other.csv", "--times", "09/12/2023", "--date-format", "dmy") == 0
    assert "2023-12-09" in capsys.readouterr().out
    assert nde(monkeypatch, "predict", "run", "other.csv", "--times", "09/12/2023") == 0
    assert "2023-12-09" in capsys.readouterr().out
    assert nde(monkeypatch, "predict", "run", "--times", "12/31/2024", "--date-format", "mdy") == 0
    assert "2024-12-31" in capsys.readouterr().out
    assert nde(monkeypatch, "predict", "run", "other.csv", "--times", "07/12/2023") == 2
    assert "got 2023-12-07, and series 'a' ends at 2023-12-07." in " ".join(capsys.readouterr().err.split())
    assert nde(monkeypatch, "predict", "run", "other.csv", "--horizon", "2", "--sep", "tab") == 2
    assert "has no column 'who'" in " ".join(capsys.readouterr().err.split())
    assert nde(monkeypatch, "predict", "run", "--horizon", "2", "--sep", "tab") == 2
    assert "--sep says how to read FILE, and none was given" in " ".join(capsys.readouterr().err.split())


def test_options_of_reading_are_kept_in_a_run(monkeypatch, capsys):
    write("sites.csv", *sites(" 12:00"))
    options = ("--sep", "semicolon", "--decimal", ",", "--date-format", "%d/%m/%Y %H:%M", "--timezone", "Asia/Kolkata")
    assert nde(monkeypatch, "fit", "sites.csv", *SERIES, *options, "--out", "run") == 0
    reading = {"sep": ";", "decimal": ",", "date_format": "%d/%m/%Y %H:%M", "timezone": "Asia/Kolkata"}
    assert metrics()["data"]["reading"] == reading
    assert json.loads(Path("run/job.json").read_text(encoding="utf-8"))["reading"] == {
        **dict.fromkeys(("encoding", "duplicates")),
        **reading,
    }
    assert "options=ReadOptions(sep=&#39;;&#39;" in Path("run/report.html").read_text(encoding="utf-8")
    assert read("run/predictions.csv")[0]["day"].endswith(" 12:00:00+05:30")
    assert nde(monkeypatch, "predict", "run", "sites.csv", "--horizon", "1", "--out", "next.csv") == 0
    assert {row["day"] for row in read("next.csv")} == {"2023-12-21 12:00:00+05:30"}
    times = ("--times", "21/12/2023 13:30", "--out", "at.csv")
    assert nde(monkeypatch, "predict", "run", "sites.csv", "--date-format", reading["date_format"], *times) == 0
    assert {row["day"] for row in read("at.csv")} == {"2023-12-21 13:30:00+05:30"}


def test_a_stopped_run_goes_on_with_its_options(monkeypatch, capsys):
    write("sites.csv", *sites())
    stopped = {"it": True}

    def estimator(*arguments):
        if stopped["it"]:
            raise KeyboardInterrupt
        return doubles.simple(*arguments)

    monkeypatch.setattr(task, "make_estimator", estimator)
    fit = ("fit", "sites.csv", *SERIES, "--sep", ";", "--date-format", "mdy", "--out", "run")
    assert nde(monkeypatch, *fit) == 2
    assert "'13/12/2023'" in capsys.readouterr().err
    assert nde(monkeypatch, *fit[:-4], "--date-format", "dmy", "--out", "run") == 130
    stopped["it"] = False
    assert nde(monkeypatch, "fit", "--resume", "run", "--sep", ",") == 2
    assert "--sep cannot change when a run is resumed; this run has ;" in " ".join(capsys.readouterr().err.split())
    assert nde(monkeypatch, "fit", "--resume", "run", "--sep", ";") == 0
    assert metrics()["settings"]["reading"]["date_format"] == "dmy"


def test_words_that_describe_series(monkeypatch, capsys):
    monkeypatch.setattr(task, "make_estimator", doubles.estimator)
    monkeypatch.setattr(task, "load_estimator", doubles.load)
    random = np.random.default_rng(0)
    rows = [
        f"s{site},{t},{random.normal() + site % 2:.3f},{('f', 'm', ' M')[site % 3]},{('Yes', 'no', 'yes ')[site % 3]}"
        for site in range(18)
        for t in range(5)
    ]
    write("data.csv", "who,t,x,sex,ill", *rows)
    fit = ("fit", "data.csv", "--series", "who", "--time", "t", "--target", "ill", "--static", "sex", "--out", "run")
    assert nde(monkeypatch, *fit) == 0
    data = metrics()["data"]
    assert (data["static"], data["categories"]) == (["sex"], {"sex": ["f", "m"]})
    assert metrics()["classes"] == ["Yes", "no"]
    assert any("'Yes', 'yes' were taken as one, 'Yes'" in remark for remark in data["remarks"])
    write("new.csv", "who,t,x,sex,ill", *(f"{who},{t},1,x,YES" for who in "ab" for t in range(5)))
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "new.csv", "--out", "said.csv") == 0
    assert len(read("said.csv")) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "'x' did not occur in training" in said
    assert "of 2 series whose 'ill' is known" in said
    assert "The model never saw" not in said


def test_names_with_commas_in_every_option(monkeypatch):
    head = '"who, id","t, s","x, mV","y, l/min","age, a","ill, or not","part, of it"'
    rows = [
        f"s{site},{t},{np.sin(t + site):.3f},{site},{30 + site},{'ab'[site % 2]},{'test' if site > 5 else 'train'}"
        for site in range(8)
        for t in range(6)
    ]
    write("data.csv", head, *rows)
    monkeypatch.setattr(task, "make_estimator", doubles.estimator)
    options = {"series": "who, id", "time": "t, s", "target": "ill, or not", "split": "part, of it"}
    lists = {"channels": '"x, mV","y, l/min"', "static": '"age, a"'}
    for quote, out in (("", "plain"), ('"', "quoted")):
        given = {**{name: f"{quote}{value}{quote}" for name, value in options.items()}, **lists}
        arguments = [part for name, value in given.items() for part in (f"--{name}", value)]
        assert nde(monkeypatch, "fit", "data.csv", *arguments, "--out", out) == 0
        data = metrics(out)["data"]
        assert (data["series"], data["time"], data["target"]) == ("who, id", "t, s", "ill, or not")
        assert (data["channels"], data["static"]) == (["x, mV", "y, l/min"], ["age, a"])


def test_large_times_keep_their_distances(monkeypatch):
    """Unix seconds a second apart, which single precision cannot tell apart."""
    start = 1_700_000_000
    write("data.csv", "who,t,x", *(f"s{site},{start + t},{t}" for site in range(8) for t in range(12)))
    fit = ("fit", "data.csv", "--series", "who", "--time", "t", "--out", "run")
    assert nde(monkeypatch, *fit) == 0
    assert nde(monkeypatch, "predict", "run", "data.csv", "--horizon", "2", "--out", "next.csv") == 0
    assert [row["t"] for row in read("next.csv")[:2]] == [f"{start + 12}", f"{start + 13}"]
    write("one.csv", "t,x", *(f"{start + t},{t}" for t in range(24)))
    assert nde(monkeypatch, "fit", "one.csv", "--time", "t", "--state", "x", "--horizon", "3", "--out", "one") == 0
    found = read("one/predictions.csv")
    assert [row["t"] for row in found] == [f"{start + t}" for t in range(24, 27)]
    np.testing.assert_allclose([float(row["x"]) for row in found], range(24, 27), rtol=1e-6)


@pytest.mark.parametrize(
    ("model", "reading"), [("lotka-volterra", ()), ("sde-ou", ("--date-format", "%d/%m/%Y %H:%M"))]
)
def test_an_equation_of_dates(model: str, reading: tuple[str, ...], monkeypatch, capsys):
    states = ("x", "y") if model == "lotka-volterra" else ("x",)
    rows = [f"{day:02d}/05/2024 06:00,{20 + 9 * np.sin(day):.3f},{20 + 9 * np.cos(day):.3f}" for day in range(1, 31)]
    write("data.csv", "day,x,y", *rows)
    fit = ("--time", "day", "--state", ",".join(states), "--model", model, "--holdout", "3", "--steps", "1")
    assert nde(monkeypatch, "fit", "data.csv", *fit, *reading, "--out", "run") == 0
    assert "are counted in days since 2024-05-01 06:00:00" in " ".join(capsys.readouterr().out.split())
    found = metrics()
    assert found["dates"] == {"since": "2024-05-01T06:00:00.000000", "unit": "D", "zone": None}
    assert (found["fitted_from"], found["fitted_to"]) == ("2024-05-01 06:00:00", "2024-05-27 06:00:00")
    assert [row["day"] for row in read("run/predictions.csv")][-1] == "2024-05-30 06:00:00"
    assert "2024-05-27 06:00:00" in Path("run/report.html").read_text(encoding="utf-8")
    times = "2024-05-28 06:00,2024-05-30 18:00"
    assert nde(monkeypatch, "predict", "run", "--times", times, "--out", "next.csv") == 0
    assert [row["day"] for row in read("next.csv")] == ["2024-05-28 06:00:00", "2024-05-30 18:00:00"]
    if model == "lotka-volterra":
        held = read("run/predictions.csv")[-3]
        assert float(read("next.csv")[0]["x"]) == pytest.approx(float(held["x (lotka-volterra)"]), rel=1e-5)
    assert nde(monkeypatch, "predict", "run", "--times", "30") == 2
    assert "Got 30 among --times; the times of the data are dates." in " ".join(capsys.readouterr().err.split())
    # 01/06 may be of January, but not in the file of the run.
    ambiguous = (("01/06/2024 06:00", ()), ("06/01/2024 06:00", ("--date-format", "mdy")))
    for place, (text, options) in enumerate(ambiguous):
        out = f"june-{place}.csv"
        assert nde(monkeypatch, "predict", "run", "--times", text, *options, "--out", out) == 0
        assert [row["day"] for row in read(out)] == ["2024-06-01 06:00:00"]
