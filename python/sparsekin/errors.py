"""The errors and warnings a user can meet, one tree: catch `SparsekinError` to catch them all; words for messages."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_PACKAGE = os.path.dirname(__file__) + os.sep


class SparsekinError(Exception):
    """Base of every error raised on purpose by sparsekin."""


class DataError(SparsekinError, ValueError):
    """The data cannot be used as they are; the message names the column, task or rows."""


class FormulaError(SparsekinError, ValueError):
    """The formula cannot be read, or cannot be applied to these data."""


class OptionError(SparsekinError, ValueError):
    """An option has a value it cannot take."""


class SolverError(SparsekinError, RuntimeError):
    """The optimiser could not produce an answer."""


class MissingExtraError(SparsekinError, ImportError):
    """An optional dependency is not installed; the message names the extra to install."""


@contextmanager
def needs(what: str, package: str, extra: str) -> Iterator[None]:
    """Imports inside may fail: `MissingExtraError` says then that `what` needs `package`, and the extra to install."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(f'{what} needs {package}: pip install "sparsekin[{extra}]"') from error


class SparsekinWarning(UserWarning):
    """Base of every warning given by sparsekin."""


class DataWarning(SparsekinWarning):
    """The data were usable, but something was set aside or is suspicious."""


class UnsettledWarning(SparsekinWarning):
    """The optimiser stopped at its limit of sweeps before its objective had settled."""


class InterruptedWarning(SparsekinWarning):
    """The user interrupted the optimiser; the best solution so far was kept."""


def warn(message: Warning | str, category: type[Warning] | None = None) -> None:
    """Warn at the line that called the package, however deep inside it this is; the outermost where none is outside."""
    frame, level, outside = sys._getframe(1), 2, 2
    while True:
        if frame.f_code.co_filename.startswith(_PACKAGE):
            outside = level + 1
        if frame.f_back is None:
            break
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=min(outside, level))


def with_article(name: str) -> str:
    """The name of a class with its article, for a message."""
    return f"{'an' if name[0] in 'aeiouAEIOU' or name == 'ndarray' else 'a'} {name}"


def kind_of(value: object) -> str:
    """What a value is, with its article, for a message.

    Examples
    --------
    >>> kind_of(3), kind_of("three")
    ('an int', 'a str')
    """
    return "None" if value is None else with_article(type(value).__name__)
