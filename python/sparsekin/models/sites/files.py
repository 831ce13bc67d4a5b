"""Questions and answers as files in a folder that a coordinator and a site exchange by whatever means they have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sparsekin.errors import SparsekinError
from sparsekin.models.sites.exchange import Answer, Question


class WaitingError(SparsekinError):
    """An answer is not there yet: a file has to travel first."""


def by_files(folder: str | os.PathLike[str], name: str) -> Callable[[Question], Answer]:
    """A site that is asked by files: ``question-ID.npz`` is written to a folder, ``answer-ID-NAME.npz`` read there.

    Where the answer is not there, `WaitingError` says so. Run the same lines again when it is: the answers that
    are there are read again, and the search goes on where it was.

    Parameters
    ----------
    folder : path
        It must be there.
    name : str
        Of the site, in the names of the files of its answers.

    Examples
    --------
    >>> import tempfile
    >>> from sparsekin import federation
    >>> folder = tempfile.mkdtemp()
    >>> try:
    ...     federation.FederatedMTL("ill ~ age", {"north": federation.by_files(folder, "north")}, family="binomial")
    ... except federation.WaitingError as waiting:
    ...     print(str(waiting).replace(folder, "FOLDER").partition(".npz ")[2])
    is to be answered. Answers of 'north' are not there yet; run the same lines again when they are.
    """

    def ask(question: Question) -> Answer:
        there = Path(folder) / f"answer-{question.name}-{name}.npz"
        if there.exists():
            return Answer.load(there)
        asked = Path(folder) / f"question-{question.name}.npz"
        if not asked.exists():
            question.save(asked)
        raise WaitingError(f"{asked} is to be answered.")

    return ask
