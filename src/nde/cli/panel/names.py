"""What may be named on the command line."""

MODELS = ("neural-cde", "neural-rde", "gru-dt", "gru-d", "ode-rnn")
"""Models of series with a target; the first is the default."""
COURSE_MODELS = {"latent-ode": "gru", "latent-ode-rnn": "ode-rnn"}
"""Models of the course of series, and the encoders that they have; the first is the default."""
GENERATORS = ("latent-sde", "sde-gan", "signature-mmd")
"""Models of the law of series; the first is the default."""
CLASSES, NUMBERS = "classes", "numbers"
"""What a target may be."""
FORECAST, IMPUTE, GENERATE = "forecast", "impute", "generate"
"""What is done without one."""
