"""Independent pieces of work on any joblib backend, in order, with a bar; Ctrl-C keeps what is there."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sparsekin.blas import one_blas_thread
from sparsekin.errors import InterruptedWarning, OptionError, needs, warn
from sparsekin.options import check_option


def warn_of_interrupt(what: str, done: int, total: int, of: str) -> None:
    """Say how much was finished when Ctrl-C came."""
    warn(f"{what} was interrupted: {done} of {total} {of} are finished.", InterruptedWarning)


def in_order(
    work: Callable[..., Any],
    pieces: Sequence[tuple[Any, ...]],
    *,
    n_jobs: object,
    progress: bool = False,
    what: str = "folds",
    complete: Callable[[Any], bool] = lambda result: True,
    on_interrupt: Callable[[], None] = lambda: None,
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
    on_interrupt : callable
        Called at Ctrl-C, before threads that are at work are waited for: it may tell them to stop.

    Raises
    ------
    MissingExtraError
        `progress` without tqdm.
    OptionError
        `n_jobs` is 0 or no integer, or `progress` neither True nor False.
    """
    from joblib import Parallel, delayed

    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0):
        raise OptionError(f"n_jobs = {n_jobs!r} is not a number of jobs: 1, 2, ..., or -1 for one per core.")
    found: list[Any] = []
    with make_bar(progress, len(pieces), what) as bar, one_blas_thread():
        try:
            parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
            for result in parallel(delayed(_alone)(work, piece, os.getpid()) for piece in pieces):
                found.append(result)
                if not complete(result):
                    break
                bar.update(1)
        except KeyboardInterrupt:
            on_interrupt()
    if len(found) < len(pieces):
        _wait_for_threads()
    return found


_idle = threading.Condition()
_busy: Counter[int] = Counter()  # pieces each thread of this process is inside of


@contextmanager
def _counted() -> Iterator[None]:
    me = threading.get_ident()
    with _idle:
        _busy[me] += 1
    try:
        yield
    finally:
        with _idle:
            _busy[me] -= 1
            if not _busy[me]:
                del _busy[me]
            _idle.notify_all()


def _wait_for_threads() -> None:
    """Until no thread works on a piece: joblib leaves them running after Ctrl-C, and a process must not end so.

    A thread that is itself inside a piece waits for nobody.
    """
    with _idle:
        while _busy and threading.get_ident() not in _busy:
            _idle.wait(0.1)


def _alone(work: Callable[..., Any], piece: tuple[Any, ...], pid: int) -> Any:
    """Run a piece with one thread inside its linear algebra.

    Pieces side by side would fight for the cores, and rounding, hence ties between supports, would depend on how many
    threads there are. In the process `pid` the caller has seen to it.
    """
    if os.getpid() == pid:
        with _counted():
            return work(*piece)
    with one_blas_thread():
        return work(*piece)


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
    OptionError
        `progress` is neither True nor False.
    """
    check_option("progress", progress, (False, True))
    if not progress:
        return nullcontext(_NoBar())
    with needs("progress=True", "tqdm", "progress"):
        from tqdm.auto import tqdm
    bar: AbstractContextManager[Any] = tqdm(total=total, desc=what, leave=False)
    return bar
