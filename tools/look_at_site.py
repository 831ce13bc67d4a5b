"""Pages in a headless Chromium at three widths: what sticks out is printed, pictures go to a folder.

``python tools/look_at_site.py build/docs /tmp/pictures [PAGE ...]``, after ``make docs``; PAGE as in docs/gallery.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = (400, 800, 1280)
SCHEMES = {"dark": "0", "light": "1"}
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--allow-file-access-from-files",
]  # fmt: skip
# A window is never narrower than 500 pixels; a frame in it is.
FRAME = """<iframe id="page" src="{page}" style="border: 0; width: {width}px; height: 1600px"
 onload="document.title = this.contentDocument.title"></iframe>"""
# A page wider than its window, or code or a formula with a scroll bar. What code prints may have one of its own, and a
# formula where the window is narrow.
MEASURE = """<script>
const wide = [...document.querySelectorAll(innerWidth < 800 ? "pre" : "pre, div.math")].filter(
  one => !one.closest(".cell_output, pre:not(.sourceCode):has(> code)")  // what code prints
    && one.scrollWidth > one.clientWidth + 1).length;
document.title = [innerWidth, document.documentElement.scrollWidth, wide].join(" ");
</script>"""


def browse(page: Path, width: int, *flags: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},1600", *flags]
        return subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=300).stdout


def main(site: Path, out: Path, names: list[str]) -> int:
    out.mkdir(parents=True, exist_ok=True)
    pages = [site / f"{name}.html" for name in names] or [
        *site.glob("docs/*.html"),
        *site.glob("vignettes/*.html"),
        *site.glob("r/*.html"),
    ]
    faults = 0
    for page in sorted(pages):
        measured = page.with_suffix(".measured.html")
        measured.write_text(page.read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
        framed = page.with_suffix(".framed.html")
        for width in WIDTHS:
            framed.write_text(FRAME.format(page=measured.name, width=width), encoding="utf-8")
            found = re.search(r"<title>(\d+) (\d+) (\d+)</title>", browse(framed, 1400, "--dump-dom"))
            inner, needed, code = map(int, found.groups()) if found else (0, 1, 0)
            if needed > inner or code:
                faults += 1
                print(
                    f"{page.stem} at {width}: needs {needed} of {inner}, {code} blocks of code or formulas that scroll"
                )
            for scheme, number in SCHEMES.items() if names else ():
                picture = out / f"{page.stem}-{width}-{scheme}.png"
                browse(page, width, f"--blink-settings=preferredColorScheme={number}", f"--screenshot={picture}")
        measured.unlink()
        framed.unlink()
    print(f"{len(pages)} pages at {len(WIDTHS)} widths, {faults} with something that sticks out")
    return int(faults > 0)


if __name__ == "__main__":
    CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("There is no Chromium.")
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), sys.argv[3:]))
