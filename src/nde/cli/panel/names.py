"""What may be named on the command line."""

MODELS = ("neural-cde", "neural-rde", "gru-dt", "gru-d", "ode-rnn")
"""Models of series; the first is the default."""
CLASSES, NUMBERS = "classes", "numbers"
"""What a target may be."""
