"""Cholesky factors from LAPACK while other threads run: SciPy's own wrappers hold the interpreter's lock.

The routines are those behind `scipy.linalg.cython_lapack`, whose table of C functions is there for others to call.
Matrices are symmetric, so that rows here are LAPACK's columns does not matter; its lower triangle is our upper one.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from scipy.linalg import cython_lapack

from sparsekin.data.blocks import Floats

_INT, _DOUBLES = ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_double)
_LOWER = b"L"
_BLOCK = 256


class NotDefinite(ArithmeticError):
    """Rounding left a matrix that has no Cholesky factor."""


def inverse(A: Floats, diagonal: Floats) -> Floats:
    """(A + diag(diagonal))^{-1} of a symmetric A (m, m).

    Raises
    ------
    NotDefinite
    """
    M = np.array(A, dtype=float, order="C")
    M.flat[:: len(M) + 1] += diagonal
    _factor(M)
    m, info = ctypes.c_int(len(M)), ctypes.c_int()
    _dpotri(_LOWER, m, M.ctypes.data_as(_DOUBLES), m, info)
    if info.value:
        raise NotDefinite
    for lo in range(0, len(M), _BLOCK):  # the upper triangle onto the lower one, in place
        hi = lo + _BLOCK
        M[hi:, lo:hi] = M[lo:hi, hi:].T
        M[lo:hi, lo:hi] = np.triu(M[lo:hi, lo:hi]) + np.triu(M[lo:hi, lo:hi], 1).T
    return M


def solve(A: Floats, b: Floats) -> Floats:
    """A^{-1} b of a symmetric A (m, m), in C order, and b (m,); A is overwritten.

    Raises
    ------
    NotDefinite
    """
    _factor(A)
    x = np.array(b, dtype=float)
    m, one, info = ctypes.c_int(len(A)), ctypes.c_int(1), ctypes.c_int()
    _dpotrs(_LOWER, m, one, A.ctypes.data_as(_DOUBLES), m, x.ctypes.data_as(_DOUBLES), m, info)
    return x


def _factor(M: Floats) -> None:
    """Cholesky factor of M in its place."""
    m, info = ctypes.c_int(len(M)), ctypes.c_int()
    _dpotrf(_LOWER, m, M.ctypes.data_as(_DOUBLES), m, info)
    if info.value:
        raise NotDefinite


def _routine(name: str, *types: Any) -> Any:
    """A C function of SciPy's; ctypes lets go of the lock while it runs."""
    capsule = cython_lapack.__pyx_capi__[name]
    name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
    address = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    return ctypes.CFUNCTYPE(None, *types)(address(capsule, name_of(capsule)))


_dpotrf = _routine("dpotrf", ctypes.c_char_p, _INT, _DOUBLES, _INT, _INT)
_dpotri = _routine("dpotri", ctypes.c_char_p, _INT, _DOUBLES, _INT, _INT)
_dpotrs = _routine("dpotrs", ctypes.c_char_p, _INT, _INT, _DOUBLES, _INT, _DOUBLES, _INT, _INT)
