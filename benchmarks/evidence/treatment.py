"""MTHAL behind a causal effect: what nuisance regressions do to estimates per hospital, and to their intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from effects import FOLDS, TRIM, Nuisance, Rows, aipw, estimates, per_site
from experiment import Cell, Experiment, Row
from pooling_sets import DATA
from tables import markdown, mean_se, read

SIZES = (150, 150, 150, 200, 250)
EFFECTS = np.array([0.4, 0.7, 1.0, 1.3, 1.6])
Z = float(norm.ppf(0.975))
ORACLE = "true nuisances"
FEWEST = 20  # smokers of a cohort


def network(design: str, seed: int) -> tuple[Rows, Nuisance]:
    """Five hospitals with effects of their own, which the covariates that decide on the treatment hide.

    The functions of a hospital are those of all times factors between .5 and 1.5, the same in every data set: lines, or
    a sine, an absolute value and a hinge that another covariate switches on; where they are curved, the effect of the
    treatment goes up with the fourth covariate.
    """
    own = np.random.default_rng(0).uniform(0.5, 1.5, (len(SIZES), 4))
    rng = np.random.default_rng([seed, design == "linear"])
    site = np.repeat(np.arange(len(SIZES)), SIZES)
    W = rng.uniform(-2, 2, (len(site), 4))
    linear = design == "linear"
    curves = np.column_stack([np.sin(2 * W[:, 0]), np.abs(W[:, 1]) - 1, W[:, 0] * (W[:, 2] > 0)])
    shape, strong = (W, 0.6) if linear else (curves, 1.0)
    e = expit(strong * (own[site, 0] * shape[:, 0] + 0.8 * own[site, 1] * shape[:, 1]))
    m0 = 1.5 * own[site, 1] * shape[:, 0] + own[site, 2] * shape[:, 1] + 0.7 * own[site, 3] * shape[:, 2]
    m1 = m0 + EFFECTS[site] + (0.0 if linear else 0.4) * W[:, 3]
    a = rng.binomial(1, e)
    y = np.where(a == 1, m1, m0) + rng.normal(size=len(site))
    names = [f"w{j + 1}" for j in range(W.shape[1])]
    return Rows(pd.DataFrame(W, columns=names), site, a, y), Nuisance(e, np.array([m0, m1]))


def judged(cell: Cell, seed: int) -> list[Row]:
    """Errors, coverage and width per site."""
    rows, truth = network(cell["design"], seed)
    oracle = per_site(rows, aipw(rows, truth)).assign(method=ORACLE, cpu=0.0).rename_axis("site").reset_index()
    found = pd.concat([estimates(rows, seed), oracle])
    found["error"] = found["estimate"] - EFFECTS[found["site"]]
    found["covered"] = (found["error"].abs() <= Z * found["se"]).astype(int)
    found["width"] = 2 * Z * found["se"]
    return found[["method", "site", "error", "covered", "width", "cpu"]].to_dict("records")


def cohorts() -> Rows:
    """Smoking in pregnancy and birth weight in six cohorts of HELIX."""
    data = read(DATA / "exposome_cohorts.csv.gz")
    W = pd.DataFrame(
        {
            "bmi": data["h_mbmi_None"],
            "age": data["h_age_None"],
            "education": data["h_edumc_None"],
            "native": data["h_native_None"],
            "parity": data["h_parity_None"],
            "male": (data["e3_sex_None"] == "male"),
            "alcohol": data["e3_alcpreg_yn_None"],
        }
    ).astype(float)
    smoked = (data["e3_asmokcigd_p_None"].astype(float) > 0).astype(int)
    enough = smoked.groupby(data["h_cohort"]).transform("sum") >= FEWEST
    rows = Rows(W, data["h_cohort"].to_numpy(), smoked.to_numpy(), data["e3_bw"].to_numpy(float))
    return rows.take(np.flatnonzero(enough))


def public(cell: Cell, seed: int) -> list[Row]:
    """Estimates for one way to split the rows."""
    return estimates(cohorts(), seed).to_dict("records")


def page(frame: pd.DataFrame, folder: Path) -> str:
    """Bias, root mean squared error, coverage and width by design and method, the worst coverage first."""
    parts = [
        f"Five hospitals of {', '.join(map(str, SIZES))} patients; AIPW with {FOLDS}-fold cross-fitting, probabilities "
        f"of the treatment at least {TRIM} from 0 and 1. Means over hospitals; in brackets the standard error over "
        "replicates. Bias: of the hospital where it is largest. Width is the median over intervals. Sorted by error."
    ]
    for design, part in frame.groupby("design"):
        parts += [f"## {design.capitalize()}: {part['seed'].nunique()} networks", table(part)]
    return "\n\n".join(parts)


def table(frame: pd.DataFrame) -> str:
    """A row per method, the largest error first."""
    lines = []
    for method, part in frame.groupby("method"):
        squared = (part["error"] ** 2).groupby(part["seed"]).mean()
        error = float(np.sqrt(squared.mean()))
        se = squared.std(ddof=1) / np.sqrt(len(squared)) / (2 * error)
        bias = part.groupby("site")["error"].agg(["mean", "sem"])
        worst = bias.loc[bias["mean"].abs().idxmax()]
        cells = [
            method,
            f"{error:.3f} ({se:.3f})",
            mean_se(part.groupby("seed")["error"].mean(), 3),
            f"{worst['mean']:+.3f} ({worst['sem']:.3f})",
            mean_se(100 * part.groupby("seed")["covered"].mean(), 1),
            f"{part['width'].median():.2f}",
            f"{part.groupby('seed')['cpu'].first().median():.1f}",
        ]
        lines.append((error, cells))
    heads = ["nuisances", "RMSE", "mean bias", "largest bias of a hospital", "coverage, %", "width", "CPU s"]
    return markdown(heads, [cells for _, cells in sorted(lines, key=lambda line: -line[0])])


def public_page(frame: pd.DataFrame, folder: Path) -> str:
    """Estimates and intervals of every cohort, medians over ways to split the rows."""
    data = cohorts()
    found = frame.groupby(["method", "site"])[["estimate", "se"]].median()
    smokers = pd.Series(data.a).groupby(data.site).agg(["sum", "size"])
    sizes = [f"{site} ({row['sum']} of {row['size']})" for site, row in smokers.iterrows()]
    lines = []
    for method, part in found.groupby("method"):
        part = part.droplevel("method")
        weight = 1 / part["se"] ** 2
        common = f"{np.average(part['estimate'], weights=weight):.0f} ± {Z / np.sqrt(weight.sum()):.0f}"
        lines.append([method, *(f"{row.estimate:.0f} ± {Z * row.se:.0f}" for row in part.itertuples()), common])
    return "\n\n".join(
        [
            "Birth weight (g) where the mother smoked in pregnancy, less where she did not, in the cohorts of HELIX "
            "(../shared/data; smokers of mothers in brackets), as if all common causes were her BMI, age, education, "
            "origin, parity and alcohol, and the child's sex. Estimates and 95 % intervals, medians over "
            f"{frame['seed'].nunique()} ways to split the rows; no truth is known. Cohorts with fewer than {FEWEST} "
            "smokers are left out. "
            "The last column weights cohorts by their precision.",
            markdown(["nuisances", *sizes, "all"], lines),
        ]
    )


EXPERIMENTS = (
    Experiment(
        "treatment_effect",
        "Treatment effects per hospital, by what learns the nuisances",
        [{"design": "nonlinear"}, {"design": "linear"}],
        judged,
        page,
        sets=100,
        quick=3,
    ),
    Experiment(
        "treatment_public",
        "Smoking in pregnancy and birth weight, cohort by cohort",
        [{"set": "exposome"}],
        public,
        public_page,
        sets=5,
        quick=1,
    ),
)
