"""What is said of a forecast agrees with the errors on the past."""

from nde.estimators.forecasting.comparison import MethodScore, sentence


def _score(name: str, rmse: float, plain: bool = False) -> MethodScore:
    return MethodScore(name, plain, rmse, mase=1.0, coverage=0.8)


def test_a_method_that_did_better_alone_is_named():
    scores = [_score("smoothing", 9.8), _score("both", 10.6), _score("seasonal naive", 16.1, plain=True)]
    said = sentence("sales", scores, "both")
    assert "RMSE 10.6 on the past, 34% below that of the best plain method, seasonal naive (16.1)." in said
    assert said.endswith("On the past, smoothing alone has 9.8: too small a lead to rely on it alone.")


def test_weights_that_were_given_are_not_excused():
    scores = [_score("smoothing", 5.0), _score("both", 10.6), _score("seasonal naive", 16.1, plain=True)]
    assert sentence("sales", scores, "both").endswith("On the past, smoothing alone has 5.")


def test_the_best_is_said_to_be_better_than_nothing_else():
    scores = [_score("both", 9.8), _score("smoothing", 10.6), _score("seasonal naive", 16.1, plain=True)]
    assert "alone" not in sentence("sales", scores, "both")
