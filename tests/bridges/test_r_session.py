"""R sessions as a user has them: Ctrl-C, and the ten lines of the README."""

import signal
import subprocess
import time
from pathlib import Path

from bridges.r_here import environment, needs_r

pytestmark = needs_r
HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"


def test_ctrl_c_keeps_the_best_so_far_and_the_session():
    process = subprocess.Popen(
        ["Rscript", str(HERE / "interrupted.R")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(),
    )  # fmt: skip
    assert process.stdout.readline() == "started\n"
    time.sleep(4)
    assert process.poll() is None, "the search was over before it could be interrupted"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "status: interrupted" in out
    assert "warned: The search was interrupted after" in out
    assert "after: swap-optimal" in out
