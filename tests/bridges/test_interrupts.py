"""Ctrl-C belongs to Python while it works for R, and to the host again afterwards."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from sparsekin.bridges.interrupts import ctrl_c_raises


def test_ctrl_c_raises_inside_whatever_the_host_does_with_it():
    def interrupted():
        with ctrl_c_raises():
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(5)

    host = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        signal.signal(signal.SIGINT, host)


def test_the_hosts_handler_in_c_is_back_afterwards():
    code = """
import ctypes, os, signal
from sparsekin.bridges.interrupts import ctrl_c_raises
seen = []
handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(seen.append)
put = ctypes.pythonapi.PyOS_setsig
put.argtypes, put.restype = [ctypes.c_int, ctypes.CFUNCTYPE(None, ctypes.c_int)], ctypes.c_void_p
put(signal.SIGINT, handler)
try:
    with ctrl_c_raises():
        os.kill(os.getpid(), signal.SIGINT)
        while True: pass
except KeyboardInterrupt:
    print("raised")
os.kill(os.getpid(), signal.SIGINT)
print(seen)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "raised\n[2]\n"


def test_elsewhere_than_in_the_main_thread_handlers_stay():
    before, inside = signal.getsignal(signal.SIGINT), []

    def work():
        with ctrl_c_raises():
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]
