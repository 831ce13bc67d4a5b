"""What R is told counts folds from 1 and has R's constants; names of the user stay as they are."""

import ast
from pathlib import Path

import pytest

import sparsekin
from sparsekin.bridges.columns.door import METHODS, call
from sparsekin.bridges.columns.words import in_r_words
from sparsekin.errors import DataError, DataWarning

SAID = {
    "Fold 0: among the training rows of task 'a' y": "Fold 1: among the training rows of task 'a' y",
    "Task 'fold 0' keeps 0 rows in fold 9; give folds": "Task 'fold 0' keeps 0 rows in fold 10; give folds",
    'Task "o\'fold 3" keeps 2 rows in fold 3': 'Task "o\'fold 3" keeps 2 rows in fold 4',
    "are of one group but in folds 0 and 1; give folds": "are of one group but in folds 1 and 2; give folds",
    "Fold 1 holds out no row; number the folds 0, 1, 2, ...": "Fold 2 holds out no row; number the folds 1, 2, 3, ...",
    "it was interrupted: 2 of 5 folds are finished": "it was interrupted: 2 of 5 folds are finished",
    "folds = 3, but the data have 2 rows": "folds = 3, but the data have 2 rows",
    "a task's fold 0 and its rows' fold 1": "a task's fold 1 and its rows' fold 2",
    "Use scale_outcome=True, or x = None.": "Use scale_outcome = TRUE, or x = NULL.",
    "lambda_ = 2 is none of the 3 lambdas": "lambda = 2 is none of the 3 lambdas",
    'progress=True needs tqdm: pip install "sparsekin[progress]"': (
        "progress = TRUE needs the Python package tqdm: sparsekin::install_core('sparsekin[progress]')"
    ),
}


@pytest.mark.parametrize("message", SAID)
def test_a_message_is_put_in_r_words(message):
    assert in_r_words(message) == SAID[message]


def places(text):
    """The text of an f-string, 7 where a number of a fold may stand."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in text.values)


def test_every_text_of_the_sources_that_names_a_fold_is_put_in_r_words():
    texts = []
    for path in Path(sparsekin.__file__).parent.rglob("*.py"):
        if "bridges" in path.parts:
            continue
        found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.JoinedStr)]
        for node in found:
            named = any(isinstance(part, ast.FormattedValue) and "fold" in ast.dump(part.value) for part in node.values)
            if named and "fold 7" in places(node).lower():
                texts.append(places(node))
    assert len(texts) >= 5
    for text in texts:
        assert "fold 8" in in_r_words(text).lower(), text


def test_errors_and_warnings_cross_in_r_words(monkeypatch):
    def fail():
        raise DataError("No row is in fold 0.")

    def warn():
        import warnings

        warnings.warn("No row is in fold 0.", DataWarning, stacklevel=2)

    monkeypatch.setitem(METHODS, "fail", fail)
    monkeypatch.setitem(METHODS, "warn", warn)
    for method in ("fail", "warn"):
        assert "No row is in fold 1." in call(method, "{}")[0]
