"""The layers of docs/decisions/layers.md hold, the check can fail, and `import sparsekin` stays light."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sparsekin

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "sparsekin"
CONFIG = ROOT / "pyproject.toml"
CHECK = """
from importlinter.cli import lint_imports
raise SystemExit(lint_imports("pyproject.toml", no_cache=True, no_logo=True))
"""


def check_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a fresh process on `folder`/sparsekin, with the project's own contracts."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", CHECK]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the package's Python files and the contracts, to be broken at will."""
    for source in PACKAGE.rglob("*.py"):
        target = tmp_path / "sparsekin" / source.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes(CONFIG.read_bytes())
    return tmp_path


def append(folder: Path, module: str, code: str) -> None:
    with (folder / "sparsekin" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n\n{code}\n")


def test_contracts_are_kept(copy):
    outcome = check_contracts(copy)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "3 kept, 0 broken" in outcome.stdout


@pytest.mark.parametrize(
    ("module", "code", "broken"),
    [
        ("options.py", "import sparsekin.l0.problem", "sparsekin.options -> sparsekin.l0.problem"),
        ("data/blocks.py", "from sparsekin.l0 import problem", "sparsekin.data.blocks -> sparsekin.l0.problem"),
        ("l0/problem.py", "def lazy():\n    import sparsekin.results", "sparsekin.l0.problem -> sparsekin.results"),
        ("results/__init__.py", "import sparsekin.plots", "sparsekin.results -> sparsekin.plots"),
        ("report/__init__.py", "import sparsekin.plots", "sparsekin.report -> sparsekin.plots"),
        ("plots/hal/path.py", "import sparsekin.plots.sparse", "sparsekin.plots.hal.path -> sparsekin.plots.sparse"),
        ("cli.py", "import sparsekin.sklearn.base", "sparsekin.cli -> sparsekin.sklearn"),
        ("sklearn/hal/base.py", "import sparsekin.sklearn.sparse.base", "sparsekin.sklearn.hal.base ->"),
        ("losses/base.py", "import sparsekin.hal.path", "sparsekin.losses.base -> sparsekin.hal.path"),
        ("l0/problem.py", "import pandas", "sparsekin.l0.problem -> pandas"),
        ("l0/problem.py", "def lazy():\n    from matplotlib import pyplot", "sparsekin.l0.problem -> matplotlib"),
    ],
)
def test_contracts_can_fail(copy, module, code, broken):
    append(copy, module, code)
    outcome = check_contracts(copy)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert broken in " ".join(outcome.stdout.split())


def test_contracts_see_through_a_middleman(copy):
    append(copy, "data/middleman.py", "import statsmodels.api")
    append(copy, "l0/problem.py", "import sparsekin.data.middleman")
    outcome = check_contracts(copy)
    assert outcome.returncode == 1
    assert "sparsekin.l0 is not allowed to import statsmodels" in outcome.stdout


def names_from_root(source: str) -> set[str]:
    """What a module takes from `sparsekin` itself; the contracts leave this open for l0, where it must be `_native`."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom | ast.Import)]
    whole = {"*" for node in imports if isinstance(node, ast.Import) and any(a.name == "sparsekin" for a in node.names)}
    return whole | {
        alias.name
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.module == "sparsekin"
        for alias in node.names
    }


def test_names_from_root_sees_every_way_in():
    assert names_from_root("def lazy():\n    from sparsekin import SparseMTL, _native") == {"SparseMTL", "_native"}
    assert names_from_root("import sparsekin") == {"*"}
    assert names_from_root("from sparsekin.l0 import problem\nimport sparsekin.errors") == set()


def test_workshops_take_only_the_native_module_from_the_root():
    taken = [
        names_from_root(path.read_text(encoding="utf-8"))
        for room in ("l0", "hal")
        for path in (PACKAGE / room).rglob("*.py")
    ]
    assert set().union(*taken) == {"_native"}


def test_every_room_has_its_layer(copy):
    append(copy, "attic.py", "")
    outcome = check_contracts(copy)
    assert outcome.returncode == 1
    assert "attic" in outcome.stdout


def test_every_numeric_room_is_under_the_contract():
    contracts = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (numbers,) = (contract for contract in contracts if contract["id"] == "numbers")
    files = ["blocks", "moments", "profile", "pseudo_rows", "sources", "spread", "standardize", "task_moments"]
    files += ["noise", "policy", "summary.neighbours", "summary.numbers"]
    rooms = ["l0", "hal", "forms", "losses", *(f"data.{file}" for file in files)]
    present = {f"sparsekin.{room}" for room in rooms if list(PACKAGE.glob(room.replace(".", "/") + "*"))}
    assert present == set(numbers["source_modules"])


def test_rooms_start_empty():
    """But for the two that users import from: `sparsekin` and, on the top floor, `sparsekin.sklearn`."""
    doors = (PACKAGE, PACKAGE / "sklearn")
    inits = [path for path in PACKAGE.rglob("__init__.py") if path.parent not in doors]
    assert [path for path in inits if path.read_text(encoding="utf-8").strip()] == []


def fresh(code: str) -> dict[str, object]:
    """Run `code` in a fresh process; return the modules it loaded and the seconds its first line took."""
    script = f"""
import json, sys, time
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
print(json.dumps({{"seconds": seconds, "modules": sorted(sys.modules)}}))
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


UNWANTED = {"matplotlib", "pandas.plotting._matplotlib", "pyscipopt"}


def test_import_loads_no_heavy_library():
    loaded = set(fresh("import sparsekin")["modules"])
    assert not loaded & (UNWANTED | {"numpy", "pandas", "scipy", "statsmodels"})


def test_import_takes_under_three_tenths_of_a_second():
    assert min(fresh("import sparsekin")["seconds"] for _ in range(3)) < 0.3


@pytest.mark.parametrize("code", ["import sparsekin; sparsekin.SparseMTL", "import sparsekin.sklearn"])
def test_the_models_need_neither_plots_nor_scip(code):
    assert not set(fresh(code)["modules"]) & UNWANTED


def test_the_estimators_stand_beside_scikit_learn():
    loaded = set(fresh("import sparsekin.sklearn, sklearn; sklearn.base.BaseEstimator")["modules"])
    assert {"sklearn.base", "sparsekin.sklearn.base"} <= loaded


@pytest.mark.parametrize("name", sparsekin.__all__)
def test_every_public_name_is_there(name):
    assert getattr(sparsekin, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'SparseMLT'"):
        _ = sparsekin.SparseMLT


def test_no_function_of_the_r_package_takes_the_name_of_another():
    """R takes the last of two definitions without a word."""
    lines = [line for path in sorted((ROOT / "r-wrapper" / "R").glob("*.R")) for line in path.read_text().splitlines()]
    names = [line.split(" <- ")[0] for line in lines if re.match(r"[\w.]+ <- ", line)]
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_no_folder_of_tests_answers_for_a_library():
    """With tests/tuning on the path, `import sparse` would find tests/tuning/sparse, and dask would break on it."""
    tests = ROOT / "tests"
    assert [path for path in sys.path if path and tests in Path(path).resolve().parents] == []
