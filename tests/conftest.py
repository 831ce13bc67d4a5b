"""What tests of several rooms share."""

from __future__ import annotations

import os
import subprocess

import pytest


@pytest.fixture
def ctrl_c():
    """Press Ctrl-C after so many seconds, from another process: the end of a thread of ours could swallow it."""
    pressing = []

    def press(seconds: float) -> None:
        pressing.append(subprocess.Popen(["sh", "-c", f"sleep {seconds}; exec kill -INT {os.getpid()}"]))

    yield press
    for process in pressing:
        process.kill()
        process.wait()
