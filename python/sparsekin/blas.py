"""One thread inside linear algebra."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import scipy.linalg.blas  # noqa: F401  SciPy brings a BLAS of its own, which has to be there to be limited
from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[Any]:
    """BLAS with one thread inside: on small systems threads wait for each other, and rounding depends on how many.

    OpenBLAS has one number for the whole process, which belongs to the first thread that is in here: fits that a user
    runs in threads of their own agree to rounding only.
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    """Made once: it looks through all libraries that are loaded."""
    return ThreadpoolController()
