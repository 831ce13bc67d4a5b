"""Arguments of Python as options of the command line."""

from __future__ import annotations

import re

_FLAGS = [
    (r"\blambda_([12z])\b", r"--lambda-\1"),
    (
        r"\b(task|weights|missing|support|effort|folds|scheme|metric|rng) ?= ?(['\"]?)([\w.-]+)\2(?=[\s,;.)]|$)",
        r"--\1 \3",
    ),
    (r"\b(task|weights) = ('[^']*')", r"--\1 \2"),
    (r"\bs = ", "-s "),
    (r"\b(lower|set|give one) s\b", r"\1 -s"),
    (r"^keep names", "--keep names"),
]


def as_flags(message: str) -> str:
    """A message with arguments of Python as options of the command line.

    Examples
    --------
    >>> as_flags("lambda_1 = -1.0 must be finite and not negative.")
    '--lambda-1 = -1.0 must be finite and not negative.'
    """
    for pattern, flag in _FLAGS:
        message = re.sub(pattern, flag, message)
    return message
