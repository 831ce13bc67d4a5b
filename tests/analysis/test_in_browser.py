"""The page in a browser: nothing sticks out at three widths, light and dark; the Word file opens in LibreOffice."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from oracles.studies import small_study

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
OFFICE = shutil.which("soffice")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--allow-file-access-from-files",
]  # fmt: skip
# A window is never narrower than 500 pixels; a frame in it is.
FRAME = """<iframe src="measured.html" style="border: 0; width: {width}px; height: 1400px"
 onload="document.title = this.contentDocument.title"></iframe>"""
MEASURE = "<script>document.title = [innerWidth, document.documentElement.scrollWidth].join(' ')</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("page")
    small_study().save(found)
    return found


def browse(page: Path, width: int, *flags: str) -> str:
    command = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={page.parent / 'profile'}",
        f"--window-size={width},1400",
        *flags,
    ]
    return subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("width", [400, 800, 1300])
def test_nothing_sticks_out(folder, width):
    page = folder / "measured.html"
    page.write_text((folder / "study.html").read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
    framed = folder / "framed.html"
    framed.write_text(FRAME.format(width=width), encoding="utf-8")
    inner, needed = map(int, re.search(r"<title>(\d+) (\d+)</title>", browse(framed, 1500, "--dump-dom")).groups())
    assert inner == width
    assert needed <= inner
    for scheme in ("0", "1"):  # dark, light
        picture = folder / f"{width}-{scheme}.png"
        browse(
            folder / "study.html", width, f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}"
        )
        assert picture.stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="there is no LibreOffice")
def test_word_opens(folder):
    command = [str(OFFICE), "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / "study.docx")]
    subprocess.run(command, capture_output=True, timeout=180, check=True)
    assert (folder / "study.pdf").read_bytes().startswith(b"%PDF")
