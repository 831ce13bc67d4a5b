"""Code that pages show without running it when they are built, Python and R, runs from top to bottom.

Where a page goes on from data that are not shipped, or that an earlier page has read, a small stand-in takes their
place. Cells that are run when a page is built: tests/test_vignettes.py.
"""

import re
from pathlib import Path

import matplotlib as mpl
import pytest

from bridges.r_here import needs_r, run_r

ROOT = Path(__file__).resolve().parents[1]
DOCS = {page.stem: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {**DOCS, "README": (ROOT / "README.md").read_text(encoding="utf-8")}
ELSEWHERE = {"README"}  # its Python: tests/test_readme.py

MADE = """
import math
import numpy as np, pandas as pd
from sparsekin import MTHAL, MixedForms, SparseMTL, datasets, simulate
rng = np.random.default_rng(0)
"""
SHARED = MADE + (
    "made = simulate.simulate_shared_supports(n_tasks=3, n=60, p=20, s=5, q=6, rng=0)\n"
    "model = SparseMTL(made.y, made.X, made.task)\n"
)
CENTRES = (
    MADE
    + """
data = pd.DataFrame(rng.standard_normal((240, 4)), columns=["age", "oldpeak", "chol", "trestbps"])
data["centre"] = np.resize(["cleveland", "hungarian", "switzerland", "va"], 240)
data["ill"] = (data["oldpeak"] + rng.standard_normal(240) > 0).map({True: "yes", False: "no"})
"""
)
WOMEN = (
    MADE
    + """
def women(n):
    out = pd.DataFrame(rng.standard_normal((n, 3)), columns=["age", "nodes", "grade"])
    out["menopause"] = np.resize(["before", "after"], n)
    time = rng.exponential(5 * np.exp(-out["nodes"]))
    return out.assign(years=np.minimum(time, 5), event=time < 5)
rotterdam, germany = women(200), women(100)
"""
)
COHORTS = (
    MADE
    + """
data = pd.DataFrame(rng.standard_normal((120, 3)), columns=["hs_child_age_None", "no2", "pm"])
data["e3_sex_None"], data["h_cohort"] = np.resize(["male", "female", "male"], 120), np.resize([1, 2, 3, 4], 120)
data["hs_asthma"] = rng.integers(0, 2, 120)
"""
)
KINDS = (
    MADE
    + """
data = pd.DataFrame(rng.standard_normal((80, 2)), columns=["age", "bmi"])
data["site"], data["sex"] = np.resize(["a", "b"], 80), np.resize(["f", "m", "f"], 80)
data["y"], data["ill"], data["died"] = rng.standard_normal(80), rng.integers(0, 2, 80), rng.integers(0, 2, 80)
data["n"], data["sick"], data["cases"] = 5, rng.integers(0, 5, 80), rng.poisson(2, 80)
data["days"], data["time"] = 30, rng.exponential(1, 80) + 0.01
X, Y = data[["age", "bmi"]], data[["ill"]].assign(score=data["y"])
"""
)
BEFORE = {
    "asthma": COHORTS, "breast-cancer": WOMEN, "exact": SHARED, "relaxation": SHARED, "heart-centres": CENTRES,
    "new-studies": CENTRES, "mthal": KINDS,
    "mixed-forms": MADE + "data = datasets.load_ad_biomarkers()\nnew = data.head()\n",
}  # fmt: skip
BETWEEN = {"breast-cancer": "res = model.fit(s=2)\n"}  # what a page says in words between two blocks
QUICK = {"asthma", "breast-cancer", "exact", "mthal", "relaxation"}

R_BEFORE = {
    "new-hospital": """
set.seed(0)
patients <- function(name, level, n = 60) {
  data <- data.frame(matrix(rnorm(10 * n), n, dimnames = list(NULL, c("bmi", "age", "crp", paste0("x", 0:6)))))
  data$glucose <- level + data$bmi + 0.7 * data$age + rnorm(1, 0.6, 0.2) * data$crp + rnorm(n)
  data$hospital <- name
  data
}
known <- do.call(rbind, Map(patients, c("north", "south", "coast", "hills", "lake"), c(9.4, 9.8, 10, 10.3, 10.6)))
new <- patients("city", 11.2)
""",
    "study": """
people <- subset(load_ad_biomarkers(), ave(tau, genotype, FUN = length) >= 30, select = -c(p_tau, Ab_42, diagnosis))
""",
}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.M | re.S)


def slowly(names, quick=()):
    return [pytest.param(name, marks=[pytest.mark.slow] * (name not in quick)) for name in names]


WITH_PYTHON = [page for page in PAGES if page not in ELSEWHERE and blocks(page, "python")]
WITH_R = [page for page in PAGES if blocks(page, "r")]


@pytest.mark.parametrize("page", slowly(WITH_PYTHON, QUICK))
@pytest.mark.filterwarnings("ignore")
def test_python(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    names: dict[str, object] = {}
    exec(BEFORE.get(page, ""), names)
    for i, block in enumerate(blocks(page, "python")):
        if i:
            exec(BETWEEN.get(page, ""), names)
        exec(compile(block, f"{page}.md, block {i + 1}", "exec"), names)


@needs_r
@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_R)
def test_r(page, tmp_path):
    script = tmp_path / "page.R"
    lines = [f'setwd("{tmp_path}")', "pdf(NULL)", "library(sparsekin)", R_BEFORE.get(page, ""), *blocks(page, "r")]
    script.write_text("\n".join(lines), encoding="utf-8")
    run_r(script)


def test_every_language_is_known():
    """A block in a language that nothing here runs is plain text, or says so to the reader."""
    languages = {name for text in DOCS.values() for name in re.findall(r"^```([a-z]+)$", text, re.M)}
    assert languages <= {"python", "r", "text"}


def test_calls_named_beside_pictures_are_in_the_script():
    named = re.findall(r"R: `(plot\(.*?\))`\.", DOCS["gallery"])
    script = blocks("gallery", "r")[-1]
    assert len(named) >= 15
    assert [call for call in named if call not in script] == []
