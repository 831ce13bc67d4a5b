"""Ctrl-C while Python works for R."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ctrl_c_raises() -> Iterator[None]:
    """Make Ctrl-C raise `KeyboardInterrupt` here, and put the host's handlers back afterwards.

    reticulate's handler calls R, which may then jump out of frames of Python and C++ that still run. The host's
    handler in C is put back by itself: `signal.signal` would leave Python's in its place, and R deaf to Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():  # only there can handlers be set, or are called
        yield
        return
    get, put = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
    get.argtypes, get.restype = [ctypes.c_int], ctypes.c_void_p
    put.argtypes, put.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    in_c, in_python = get(signal.SIGINT), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if in_python is not None:
            signal.signal(signal.SIGINT, in_python)
        put(signal.SIGINT, in_c)
