"""What may be named on the command line."""

MODELS = ("neural-cde", "neural-rde", "gru-dt", "gru-d", "ode-rnn")
"""Models of series with a target; the first is the default."""
COURSE_MODELS = {"latent-ode": "gru", "latent-ode-rnn": "ode-rnn"}
"""Models of the course of series, and the encoders that they have; the first is the default."""
CLASSES, NUMBERS = "classes", "numbers"
"""What a target may be."""
FORECAST, IMPUTE = "forecast", "impute"
"""What is done without one."""
