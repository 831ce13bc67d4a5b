"""R sessions as a user has them: Ctrl-C, and the ten lines of the README."""

import re
import signal
import subprocess
import time
from pathlib import Path

from bridges.r_here import environment, needs_r, run_r

pytestmark = needs_r
HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"


def interrupt_when_started(process, seconds):
    """Send Ctrl-C so long after the script says that its search begins; its output and errors."""
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(seconds)
        assert process.poll() is None, "the search was over before it could be interrupted"
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=60)
    finally:
        process.kill()


def test_ctrl_c_keeps_the_best_so_far_and_the_session():
    process = subprocess.Popen(
        ["Rscript", str(HERE / "interrupted.R")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(),
    )  # fmt: skip
    out, err = interrupt_when_started(process, 4)
    assert process.returncode == 0, err
    assert "status: interrupted" in out
    assert "warned: The search was interrupted after" in out
    assert "after: swap-optimal\nR was interrupted\n" in out


def test_the_r_lines_of_the_readme_run_as_they_are(tmp_path):
    code = re.search(r"```r\n(library.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    script = tmp_path / "readme.R"
    script.write_text(f'pdf("{tmp_path}/plots.pdf")\n{code}')
    out = run_r(script)
    assert "3 tasks by genotype; 310 rows; 124 candidates; kept terms: 2" in out
    assert re.search(r"^Osteopontin +3/3", out, re.MULTILINE)
    assert (tmp_path / "plots.pdf").stat().st_size > 3000
