"""The promise of docs/release.md: files of every format are read and say what they said; tables may have grown."""

import json
from pathlib import Path

import pytest

from reference.formats.cases import MADE, load, numbers
from sparsekin import _version
from sparsekin.data.files import FORMAT, read_npz

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("v*/*.npz"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_says_what_it_said(path):
    said = json.loads((path.parent / "numbers.json").read_text(encoding="utf-8"))[path.stem]
    found = numbers(load(path))
    assert found.keys() >= said.keys()
    for table, columns in said.items():
        for name, values in columns.items():
            told = [one if isinstance(one, str | None) else pytest.approx(one, rel=1e-8, abs=1e-11) for one in values]
            assert found[table][name] == told, (table, name)


def test_every_format_and_every_kind_is_here():
    assert sorted(path.name for path in HERE.glob("v*")) == [f"v{i}" for i in range(1, FORMAT + 1)]
    assert {path.stem for path in FILES if path.parent.name == f"v{FORMAT}"} == set(MADE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(MADE))
def test_what_is_written_today_has_the_fields_of_its_format(name, tmp_path):
    """Another name in a file is another format: raise FORMAT, and keep reading the one before."""
    MADE[name]().save(tmp_path / "now.npz")
    (now, mine), (then, stored) = (
        read_npz(at, "") for at in (tmp_path / "now.npz", HERE / f"v{FORMAT}" / f"{name}.npz")
    )
    assert now["version"] == _version.__version__
    assert mine.keys() == stored.keys()
    assert now.keys() == then.keys()
    assert now.get("text", {}).keys() == then.get("text", {}).keys()
