"""Messages in R's words: folds counted from 1, its constants, and its way to install."""

from __future__ import annotations

import re

# Names of the user's stand in quotes, which may hold an apostrophe; what is in them is left alone.
_QUOTED = re.compile(r"""((?<!\w)'.*?'(?!\w)|(?<!\w)".*?"(?!\w))""", re.DOTALL)
_INSTALL = re.compile(r"""needs ([\w.-]+): pip install "?(sparsekin\[\w+\])"?""")
_FOLDS = re.compile(r"\b[Ff]olds?(?: are)? \d+(?:(?:, | and )\d+)*")
_CONSTANT = re.compile(r"\b(\w+) ?= ?(True|False|None)\b")
_R = {"True": "TRUE", "False": "FALSE", "None": "NULL"}


def in_r_words(message: str) -> str:
    """A message of this package as R says it.

    Examples
    --------
    >>> in_r_words("Task 'fold 0' keeps 0 training rows in fold 0; use scale_outcome=True.")
    "Task 'fold 0' keeps 0 training rows in fold 1; use scale_outcome = TRUE."
    """
    said = _INSTALL.sub(r"needs the Python package \1: sparsekin::install_core('\2')", message)
    parts = _QUOTED.split(said)
    return "".join(part if i % 2 else _plain(part) for i, part in enumerate(parts))


def _plain(text: str) -> str:
    text = _FOLDS.sub(lambda found: re.sub(r"\d+", lambda number: str(int(number[0]) + 1), found[0]), text)
    return _CONSTANT.sub(lambda found: f"{found[1]} = {_R[found[2]]}", text.replace("lambda_ ", "lambda "))
