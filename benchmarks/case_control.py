"""Five case/control studies of 230 taxa, each left out in turn: cross-validation beside a pooled logistic lasso.

    python benchmarks/case_control.py [--sets 10] [--minutes 30] [--design pooled partly batch shares]

adds to results/case_control.csv (it goes on where the last run stopped) and writes results/case_control.md.

Counts of zero-inflated, over-dispersed, correlated taxa; studies differ in depth of sequencing, in which taxa they
find, in levels, in rows (60-180) and in their share of cases. Columns are log10(share + 1e-5), or centred log-ratios
where the seed is odd. Cases have 12 taxa moved: alike in all studies ("pooled"), or by amounts of each study's own that
are as spread as .6 of the common one ("partly", and the other two); with twice the differences between studies in the
levels of taxa and in what they find ("batch"); with .15 to .85 of the rows of a study cases ("shares").

Ours: `cross_validate(scheme="leave-one-task-out")` with sizes up to 20, and with the default ones; of the average, all
of it and the 20 features of largest coefficients ("before": each task cut by itself, as `cut_to` did until 96ce76a).
Lasso: R's cv.glmnet, five folds, indicators of studies without penalty, 40 lambdas from the largest to .03 of it,
lambda.min; at most 20 features: the best lambda among those. The deviance of a study left out is measured with its
level free, as a share of that of its own share of cases. Seeds from 9000 on were judged first, then those from 4000 on;
the deviance was chosen on those from 100 on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from sparsekin import SparseMTL
from sparsekin.losses.binomial import binomial
from sparsekin.losses.levels import best_levels

CSV, PAGE = (Path(__file__).parent / "results" / f"case_control.{ending}" for ending in ("csv", "md"))
STUDIES, TAXA, GROWN, MOVED, MOST = 5, 230, 400, 12, 20
SIZES = [1, 2, 3, 4, 5, 7, 10, 14, 20]
AGAIN = 9000  # seeds from here on were judged first
GLMNET = """
suppressMessages(library(glmnet))
args <- commandArgs(TRUE)
d <- as.matrix(read.csv(args[1], header = FALSE))
y <- d[, 1]; study <- factor(d[, 2]); X <- d[, -(1:2)]
found <- list()
for (out in levels(study)) {
  rows <- study != out
  S <- model.matrix(~ droplevels(study[rows]))[, -1]
  Z <- scale(X[rows, ]); Z[is.na(Z)] <- 0
  free <- c(rep(1, ncol(X)), rep(0, ncol(S)))
  set.seed(1)
  started <- proc.time()[1]
  cv <- cv.glmnet(cbind(Z, S), y[rows], family = "binomial", nfolds = 5, penalty.factor = free, standardize = FALSE,
                  nlambda = 40, lambda.min.ratio = 0.03)
  seconds <- proc.time()[1] - started
  B <- as.matrix(coef(cv$glmnet.fit))[1 + seq_len(ncol(X)), seq_along(cv$lambda)]
  size <- colSums(B != 0)
  for (most in c(Inf, as.numeric(args[3]))) {
    i <- which(size <= most)[which.min(cv$cvm[size <= most])]
    b <- B[, i] / attr(Z, "scaled:scale"); b[!is.finite(b)] <- 0
    found[[length(found) + 1]] <- c(as.numeric(out), most, seconds, b)
  }
}
write.table(do.call(rbind, found), args[2], sep = ",", row.names = FALSE, col.names = FALSE)
"""


class Design(NamedTuple):
    """How far studies differ."""

    effect: float
    own: float
    batch: float
    shares: tuple[float, float]


DESIGNS = {
    "pooled": Design(0.6, 0.0, 1.0, (0.35, 0.65)),
    "partly": Design(0.7, 0.6, 1.0, (0.35, 0.65)),
    "batch": Design(0.7, 0.6, 2.0, (0.35, 0.65)),
    "shares": Design(0.7, 0.6, 1.0, (0.15, 0.85)),
}


def studies(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Case or control, columns, study."""
    design = DESIGNS[name]
    rng = np.random.default_rng([seed, list(DESIGNS).index(name)])
    rows = rng.integers(60, 181, STUDIES)
    task = np.repeat(np.arange(STUDIES), rows)
    y = (rng.random(len(task)) < rng.uniform(*design.shares, STUDIES)[task]).astype(float)
    level = rng.normal(0.0, 2.0, GROWN)
    own = design.batch * rng.normal(0.0, 0.6, (STUDIES, GROWN))
    guild = rng.normal(0.0, 0.5, (10, GROWN)) * (rng.random((10, GROWN)) < 0.3)
    log_size = level + own[task] + rng.standard_normal((len(task), 10)) @ guild
    log_size += rng.normal(0.0, 1.2, log_size.shape)
    which = rng.choice(np.argsort(level)[-TAXA:], MOVED, replace=False)
    shift = rng.choice([-1.0, 1.0], MOVED) * design.effect * rng.uniform(0.6, 1.4, MOVED)
    of_study = shift + design.own * design.effect * rng.standard_normal((STUDIES, MOVED))
    log_size[:, which] += y[:, None] * of_study[task]
    found = 1.5 + 0.8 * level + design.batch * 0.7 * rng.standard_normal((STUDIES, GROWN))[task]
    size = np.where(rng.random(log_size.shape) < expit(found), np.exp(log_size), 0.0)
    depth = rng.lognormal(np.log(2e4) + rng.normal(0.0, 0.7, STUDIES)[task], 0.4).astype(int)
    share = size / size.sum(axis=1, keepdims=True)
    counts = np.array([rng.multinomial(n, p) for n, p in zip(depth, share, strict=True)], float)
    counts = counts[:, np.argsort((counts > 0).mean(axis=0))[-TAXA:]]
    if seed % 2:
        logs = np.log(counts + 0.5)
        return y, logs - logs.mean(axis=1, keepdims=True), task
    return y, np.log10(counts / counts.sum(axis=1, keepdims=True) + 1e-5), task


def lassos(y: np.ndarray, X: np.ndarray, task: np.ndarray) -> dict[tuple[int, str], tuple[np.ndarray, float]]:
    """By study left out and name: slopes (p,), and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        code, given, found = (Path(folder) / name for name in ("lasso.R", "data.csv", "slopes.csv"))
        code.write_text(GLMNET)
        np.savetxt(given, np.column_stack([y, task, X]), delimiter=",")
        subprocess.run(["Rscript", str(code), str(given), str(found), str(MOST)], check=True, capture_output=True)
        lines = np.loadtxt(found, delimiter=",")
    names = {np.inf: "pooled lasso", float(MOST): f"pooled lasso, at most {MOST}"}
    return {(int(line[0]), names[line[1]]): (line[3:], line[2]) for line in lines}


def ours(y: np.ndarray, X: np.ndarray, task: np.ndarray) -> dict[str, tuple[np.ndarray, str, float]]:
    """By name: slopes (p,) for a study that was not seen, the verdict, and CPU seconds."""
    model, found = SparseMTL(y, X, task, family="binomial"), {}
    for sizes, ways, note in ((SIZES, ("best", "1se", "average"), ""), ("auto", ("average",), ", default sizes")):
        started = time.process_time()
        cv = model.cross_validate(s=sizes, scheme="leave-one-task-out")
        fits = {which + note: cv.refit(which) for which in ways}
        fits[f"average{note}, at most {MOST}"] = fits["average" + note].cut_to(features=MOST)
        spent = time.process_time() - started
        found |= {name: (slopes(fit, X.shape[1]), cv.judged.chosen, spent) for name, fit in fits.items()}
    return found


def slopes(fit: Any, p: int) -> np.ndarray:
    """(p,) of the linear predictor in an unseen study."""
    eta = np.asarray(fit.predict(np.vstack([np.zeros(p), np.eye(p)]), how="mean", type="link"))
    return np.where(np.abs(eta[1:] - eta[0]) > 1e-12 * (1 + abs(eta[0])), eta[1:] - eta[0], 0.0)


def one(design: str, seed: int) -> list[dict[str, object]]:
    """A row per study and method."""
    y, X, task = studies(design, seed)
    rows = []
    found = {at: (*slopes, "") for at, slopes in lassos(y, X, task).items()}
    for out in range(STUDIES):
        train = task != out
        for name, (b, verdict, spent) in ours(y[train], X[train], task[train]).items():
            found[out, name] = b, spent, verdict
    for (out, name), (b, spent, verdict) in found.items():
        test = task == out
        eta, loss = X[test] @ b, binomial(y[test])
        share = y[test].mean()
        rows.append({
            "design": design, "seed": seed, "out": out, "method": name, "auc": roc_auc_score(y[test], eta),
            "explained": 1 - loss.value(eta + best_levels(loss, eta[None])[0]) / loss.value(
                np.full(test.sum(), np.log(share / (1 - share)))),
            "features": int(np.count_nonzero(b)), "verdict": verdict,
            "cpu": spent,
        })  # fmt: skip
    return rows


def page(table: pd.DataFrame) -> str:
    """Means over studies left out, and paired standard errors: the seeds below `AGAIN`, then those from it on."""
    seen = table["seed"] >= AGAIN
    text = ["# Case/control studies left out in turn, beside a pooled logistic lasso", ""]
    for part, seeds in ((table[~seen], "4000 to 4001"), (table[seen], "9000 to 9005")):
        text += [
            f"Seeds {seeds}. Means over studies; differences are study by study, their standard errors over data sets.",
            "", *rows_of(part), "",
        ]  # fmt: skip
    return "\n".join(text)


def rows_of(table: pd.DataFrame) -> list[str]:
    """The lines of a table, a design after the other and then all."""
    lines = [
        f"| design | method | AUC | beside the lasso (SE) | beside that of at most {MOST} (SE) | explained | beside "
        f"that of at most {MOST} (SE) | features, most | CPU s |",
        "|" + " --- |" * 9,
    ]  # fmt: skip
    for design, part in [*table.groupby("design", sort=False), ("all", table)]:
        keys = ["design", "seed", "out"]
        auc, explained = (part.pivot_table(index=keys, columns="method", values=name) for name in ("auc", "explained"))
        for method, own in part.groupby("method", sort=False):
            cells = [
                beside(wide, method, other)
                for wide, other in (
                    (auc, "pooled lasso"), (auc, f"pooled lasso, at most {MOST}"),
                    (explained, f"pooled lasso, at most {MOST}"),
                )
            ]  # fmt: skip
            sets, size = own.groupby(["design", "seed"]).ngroups, own["features"]
            lines.append(
                f"| {design} ({sets} sets) | {method} | {auc[method].mean():.3f} | {cells[0]} | {cells[1]} | "
                f"{explained[method].mean():.3f} | {cells[2]} | {size.mean():.0f}, {size.max()} | "
                f"{own['cpu'].mean():.1f} |"
            )
    return lines


def beside(wide: pd.DataFrame, method: str, other: str) -> str:
    """Mean difference, and its standard error over data sets."""
    gap = (wide[method] - wide[other]).groupby(["design", "seed"]).mean()
    return f"{gap.mean():+.3f} ({gap.sem():.3f})"


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=10)
    parser.add_argument("--first", type=int, default=9000)
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--design", nargs="+", default=list(DESIGNS))
    asked, started = parser.parse_args(), time.monotonic()
    warnings.simplefilter("ignore")
    for seed in range(asked.first, asked.first + asked.sets):
        for design in asked.design:
            done = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["design", "seed"])
            known = ((done["design"] == design) & (done["seed"] == seed)).any()
            if known or time.monotonic() - started > 60 * asked.minutes:
                continue
            found = pd.DataFrame(one(design, seed))
            found.to_csv(CSV, mode="a", header=not CSV.exists(), index=False)
    table = pd.read_csv(CSV)
    order = {name: i for i, name in enumerate(DESIGNS)}
    table["rank"] = table["design"].map(order)
    table = table.sort_values(["rank", "seed", "out"], kind="stable")
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
