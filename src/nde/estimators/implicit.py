"""Classification and regression of rows and images with deep equilibrium models."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from nde.estimators.supervised_rows import AbstractImplicitEstimator
from nde.estimators.targets import AbstractClassifier, AbstractRegressor
from nde.train.progress import Progress


class ImplicitClassifier(AbstractClassifier, AbstractImplicitEstimator):
    """Classifier of vectors, rows of tables and images, with deep equilibrium models.

    It is an ensemble of networks whose state is the fixed point of a layer with bounded weights, mixed with plain
    methods. Features are standardized; words become features of 0 and 1; a missing value counts as the mean, and one
    more feature says that it is missing. Each member of the ensemble leaves out another part of the samples, stratified
    by class, and training stops when the log loss on the parts left out no longer falls. On these parts the temperature
    of the probabilities is chosen as well, and the shares of the ensemble, of a logistic regression, of a random forest
    and of the class frequencies in the prediction; that of the ensemble may be zero. `notes_` says in a sentence which
    method is the best. The defaults are meant to work for most data.

    Args:
        hidden_size: Size of the state of each model, by default 64; for images the number of its channels, by default
            16.
        n_estimators: Number of models in the ensemble.
        max_iter: Number of training steps; by default 600, or ten epochs if that is more.
        batch_size: Number of samples in a batch.
        learning_rate: Peak learning rate; it decays to zero along a cosine.
        weight_decay: Weight decay, as a multiple of the learning rate.
        dropout: The probability that a number of the state is dropped in training.
        noise: The standard deviation of noise on the standardized features in training.
        bound: The bound of the norm of the recurrent weights; below 1 there is a single equilibrium.
        rtol: Relative tolerance of the equilibrium.
        max_steps: Most steps of its solver.
        plain_methods: Whether to mix the ensemble with plain methods; otherwise it predicts alone.
        random_state: Seed for weights and batches; pass an integer for reproducible fits.
        checkpoint_dir: Folder for checkpoints and a log. If it holds a checkpoint of this fit, training resumes.
        progress: Whether to show a progress bar; by default only on a terminal. Or a function that is called after each
            step with the number of steps done, their total, and the loss.
        class_weight: The weight of each class: a dictionary; or `"balanced"`, so that all classes count the same; by
            default, samples count the same.

    Attributes:
        classes_: The classes, sorted.
        notes_: What was found and chosen, in sentences.
        shares_: The share of each method in the prediction.
        held_out_losses_: The log loss of each method on samples that it was not fitted to.
        steps_: How many steps the solver takes for each training sample, a mean over the ensemble.
        converged_: The share of the equilibria of training samples that are within the tolerance.
        model_: The fitted ensemble, a `nde.models.DeepEnsemble`.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.
        words_: The words of each column of words.
        preparation_: The preprocessing of samples.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377; for the
    temperature, Guo, Pleiss, Sun and Weinberger, *On calibration of modern neural networks* (2017),
    doi:10.48550/arXiv.1706.04599.

    Example:
        ```python
        import numpy as np
        from nde.estimators import ImplicitClassifier

        X = np.random.default_rng(0).normal(size=(100, 2))
        y = np.where(X[:, 0] * X[:, 1] > 0, "same", "opposite")
        classifier = ImplicitClassifier(max_iter=100, random_state=0).fit(X[:80], y[:80])
        print(classifier.score(X[80:], y[80:]), *classifier.notes_)
        ```
    """

    def __init__(
        self,
        *,
        hidden_size: int | None = None,
        n_estimators: int = 5,
        max_iter: int | None = None,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-3,
        dropout: float = 0.2,
        noise: float = 0.1,
        bound: float = 0.95,
        rtol: float = 1e-4,
        max_steps: int = 100,
        plain_methods: bool = True,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
    ) -> None:
        super().__init__(
            hidden_size=hidden_size,
            n_estimators=n_estimators,
            max_iter=max_iter,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            dropout=dropout,
            noise=noise,
            bound=bound,
            rtol=rtol,
            max_steps=max_steps,
            plain_methods=plain_methods,
            random_state=random_state,
            checkpoint_dir=checkpoint_dir,
            progress=progress,
        )
        self.class_weight = class_weight


class ImplicitRegressor(AbstractRegressor, AbstractImplicitEstimator):
    """Regressor of vectors, rows of tables and images, with deep equilibrium models; one or several targets.

    Targets are standardized, and predictions are averaged over the ensemble and mixed with the mean, a ridge regression
    and a random forest by their squared errors. Otherwise like `ImplicitClassifier`.

    Args:
        parameters: As for `ImplicitClassifier`, without `class_weight`.

    Attributes:
        center_: Mean of each target.
        scale_: Standard deviation of each target.
        notes_: What was found and chosen, in sentences.
        shares_: The share of each method in the prediction.
        held_out_losses_: The RMSE of each method, in standard deviations, on samples that it was not fitted to.
        steps_: How many steps the solver takes for each training sample, a mean over the ensemble.
        converged_: The share of the equilibria of training samples that are within the tolerance.
        model_: The fitted ensemble, a `nde.models.DeepEnsemble`.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.
        words_: The words of each column of words.
        preparation_: The preprocessing of samples.

    Source: Bai, Kolter and Koltun, *Deep equilibrium models* (2019), doi:10.48550/arXiv.1909.01377.

    Example:
        ```python
        import numpy as np
        from nde.estimators import ImplicitRegressor

        X = np.random.default_rng(0).uniform(-2.0, 2.0, (100, 2))
        y = np.sin(X[:, 0]) * X[:, 1]
        regressor = ImplicitRegressor(max_iter=100, random_state=0).fit(X[:80], y[:80])
        print(regressor.score(X[80:], y[80:]))
        ```
    """
