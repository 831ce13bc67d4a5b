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
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# A page wider than its window, or code with a scroll bar (what code prints may have one of its own).
MEASURE = """<script>
const wide = [...document.querySelectorAll("pre")].filter(
  one => !one.closest(".cell_output") && one.scrollWidth > one.clientWidth + 1).length;
document.title = [innerWidth, document.documentElement.scrollWidth, wide].join(" ");
</script>"""


def browse(page: Path, width: int, *flags: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},1600", *flags]
        return subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=300).stdout


def main(site: Path, out: Path, names: list[str]) -> int:
    out.mkdir(parents=True, exist_ok=True)
    pages = [site / f"{name}.html" for name in names] or [*site.glob("docs/*.html"), *site.glob("vignettes/*.html")]
    faults = 0
    for page in sorted(pages):
        measured = page.with_suffix(".measured.html")
        measured.write_text(page.read_text(encoding="utf-8") + MEASURE, encoding="utf-8")
        for width in WIDTHS:
            found = re.search(r"<title>(\d+) (\d+) (\d+)</title>", browse(measured, width, "--dump-dom"))
            inner, needed, code = map(int, found.groups()) if found else (0, 1, 0)
            if needed > inner or code:
                faults += 1
                print(f"{page.stem} at {width}: needs {needed} of {inner}, {code} blocks of code with a scroll bar")
            for scheme, number in SCHEMES.items() if names else ():
                picture = out / f"{page.stem}-{width}-{scheme}.png"
                browse(page, width, f"--blink-settings=preferredColorScheme={number}", f"--screenshot={picture}")
        measured.unlink()
    print(f"{len(pages)} pages at {len(WIDTHS)} widths, {faults} with something that sticks out")
    return int(faults > 0)


if __name__ == "__main__":
    CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("There is no Chromium.")
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), sys.argv[3:]))
