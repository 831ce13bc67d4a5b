"""PYTHONPATH=tests python tests/reference/formats/make_formats.py: a file of each kind in the format of today.

Run it when FORMAT of sparsekin.data.files was raised. Folders of formats that were released are never made anew.
"""

import json
from pathlib import Path

from reference.formats.cases import MADE, load, numbers
from sparsekin.data.files import FORMAT

if __name__ == "__main__":
    here = Path(__file__).parent / f"v{FORMAT}"
    here.mkdir(exist_ok=True)
    found = {}
    for name, make in MADE.items():
        make().save(here / f"{name}.npz")
        found[name] = numbers(load(here / f"{name}.npz"))
    (here / "numbers.json").write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
