"""Independent pieces of work on any joblib backend, in order, with a bar; Ctrl-C keeps what is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sparsekin.errors import MissingExtraError


def in_order(
    work: Callable[..., Any],
    pieces: Sequence[tuple[Any, ...]],
    *,
    n_jobs: int | None,
    progress: bool = False,
    what: str = "folds",
    complete: Callable[[Any], bool] = lambda result: True,
) -> list[Any]:
    """Results of ``work(*piece)``, one per piece; fewer after Ctrl-C.

    Parameters
    ----------
    work : callable
        Its results must not depend on where or in which order it runs.
    pieces : sequence of tuples
    n_jobs : int or None
        As in joblib: None is 1, or what ``joblib.parallel_config`` says. Threads, unless it says otherwise: the native
        code releases the interpreter lock.
    progress : bool
        Show a bar.
    what : str
        What pieces are called in the bar.
    complete : callable
        Whether a result is whole. Work that caught Ctrl-C itself returns one that is not: it is kept, and ends the run.

    Raises
    ------
    MissingExtraError
        `progress` without tqdm.
    """
    from joblib import Parallel, delayed

    found: list[Any] = []
    with make_bar(progress, len(pieces), what) as bar:
        try:
            parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
            for result in parallel(delayed(work)(*piece) for piece in pieces):
                found.append(result)
                if not complete(result):
                    break
                bar.update(1)
        except KeyboardInterrupt:
            pass
    return found


class _NoBar:
    """Stands where a bar would be."""

    def update(self, n: int) -> None:
        """Show nothing."""


def make_bar(progress: bool, total: int, what: str) -> AbstractContextManager[Any]:
    """A bar with an `update(n)`, or something that does nothing.

    Raises
    ------
    MissingExtraError
        `progress` without tqdm.
    """
    if not progress:
        return nullcontext(_NoBar())
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise MissingExtraError('progress=True needs tqdm: pip install "sparsekin[progress]"') from error
    bar: AbstractContextManager[Any] = tqdm(total=total, desc=what, leave=False)
    return bar
