"""The dial of yes/no outcomes against a pooled logistic lasso, on data and splits that chose nothing.

``python benchmarks/families_dial.py heart exposome new_study`` prints one line per split and writes
benchmarks/results/families_dial.md. Data: ../shared/data (see its README).
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from sparsekin import SparseMTL
from tables import read
from worked_pages import heart_data

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RESULTS = Path(__file__).parent / "results" / "families_dial.md"
SPLITS = {"heart": range(100, 105), "exposome": range(100, 103), "new_study": range(100, 103)}


def heart() -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Disease in four centres, Cleveland's codes turned into those of the others; see docs/heart-centres.md."""
    data = heart_data(mended=True)
    X = pd.get_dummies(data.drop(columns=["centre", "ill"]), drop_first=True, dtype=float)
    X = X.fillna(X.groupby(data["centre"]).transform("median")).fillna(X.median())
    return data["ill"].to_numpy(float), X, data["centre"].to_numpy()


def exposome() -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Asthma by cohort, on exposures and covariates."""
    data = read(DATA / "exposome_cohorts.csv.gz")
    out = [
        name for name in data if name.startswith(("hs_asthma", "hs_zbmi", "e3_bw", "hs_correct", "hs_Gen", "hs_bmi"))
    ]
    X = data.drop(columns=[*out, "h_cohort", *(name for name in ("ID", "id") if name in data)])
    X = pd.get_dummies(X, drop_first=True, dtype=float)
    return data["hs_asthma"].to_numpy(float), X.loc[:, X.std() > 0], data["h_cohort"].astype(str).to_numpy()


def study(seed: int) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Five case/control studies of 100 and 230 species: logs of skewed counts, alike but not equal truths."""
    rng = np.random.default_rng(seed)
    K, n, p = 5, 100, 230
    load = rng.standard_normal((12, p)) * 0.4
    X = rng.standard_normal((K * n, 12)) @ load + rng.standard_normal((K * n, p))
    X = np.log1p(np.exp(X + rng.standard_normal(p)))
    task = np.repeat(np.arange(K), n)
    X = X + 0.3 * rng.standard_normal((K, p))[task]
    b = np.zeros(p)
    b[rng.choice(p, 15, replace=False)] = rng.choice([-1, 1], 15) * rng.uniform(0.3, 0.9, 15)
    own = np.where(b[:, None] != 0, 0.25 * rng.standard_normal((p, K)), 0.0)
    eta = np.einsum("ij,ji->i", X - X.mean(axis=0), (b[:, None] + own)[:, task]) + 0.4 * rng.standard_normal(K)[task]
    return (rng.random(K * n) < 1 / (1 + np.exp(-eta))).astype(float), pd.DataFrame(X), task.astype(str)


def lasso(y: np.ndarray, X: np.ndarray, task: np.ndarray, new: np.ndarray, to: np.ndarray) -> tuple[Any, int]:
    """Pooled logistic lasso as users have it: columns scaled, task indicators that are hardly penalised."""
    scaler, names = StandardScaler().fit(X), np.unique(task)
    sites = 10.0 * (task[:, None] == names[1:])
    model = LogisticRegressionCV(
        Cs=30, cv=StratifiedKFold(5, shuffle=True, random_state=0), l1_ratios=[1.0], solver="liblinear",
        intercept_scaling=10.0, scoring="neg_log_loss", max_iter=2000, random_state=0, use_legacy_attributes=False,
    )  # fmt: skip
    model.fit(np.column_stack([scaler.transform(X), sites]), y)
    known = np.isin(to, names)
    shares = np.array([np.mean(task == name) for name in names[1:]])
    at = np.where(known[:, None], to[:, None] == names[1:], shares) * 10.0
    size = int(np.sum(model.coef_[0][: X.shape[1]] != 0))
    return model.predict_proba(np.column_stack([scaler.transform(new), at]))[:, 1], size


def judged(y: np.ndarray, mean: np.ndarray, task: np.ndarray) -> tuple[float, float]:
    """Mean deviance and AUC over tasks."""
    rows = [task == name for name in np.unique(task)]
    return (
        float(np.mean([2 * log_loss(y[at], mean[at], labels=[0, 1]) for at in rows])),
        float(np.mean([roc_auc_score(y[at], mean[at]) for at in rows])),
    )


def one_split(name: str, seed: int) -> list[dict[str, Any]]:
    """Errors of each method on rows, or a study, held out."""
    y, X, task = study(seed) if name == "new_study" else {"heart": heart, "exposome": exposome}[name]()
    columns = X.to_numpy(float)
    if name == "new_study":
        test = task == str(seed % 5)
    else:
        strata = [f"{at} {value}" for at, value in zip(task, y, strict=True)]
        held = train_test_split(np.arange(len(y)), test_size=0.3, stratify=strata, random_state=seed)[1]
        test = np.isin(np.arange(len(y)), held)
    train = ~test
    varies = columns[train].std(axis=0) > 0
    columns = columns[:, varies]
    how = "mean" if name == "new_study" else "task"
    model = SparseMTL(y[train], columns[train], task[train], family="binomial")
    lines = []
    started = time.process_time()
    cv = model.cross_validate(folds=5, rng=seed)
    tuned = time.process_time() - started
    for which in ("best", "1se", "average"):
        started = time.process_time()
        fit = cv.refit(which)
        mean = np.asarray(fit.predict(columns[test], how=how, task=None if how == "mean" else task[test]))
        lines.append({
            "method": which, "family": cv.judged.chosen, "features": len(fit.selected),
            "CPU": tuned + time.process_time() - started, "scores": judged(y[test], mean, task[test]),
        })  # fmt: skip
    started = time.process_time()
    mean, size = lasso(y[train], columns[train], task[train], columns[test], task[test])
    lines.append({
        "method": "pooled lasso", "family": "", "features": size, "CPU": time.process_time() - started,
        "scores": judged(y[test], mean, task[test]),
    })  # fmt: skip
    return lines


def main(names: list[str]) -> None:
    """Print and write one table per data set."""
    warnings.simplefilter("ignore")
    text = ["# Yes/no outcomes: the dial beside a pooled logistic lasso", ""]
    for name in names:
        splits = []
        for seed in SPLITS[name]:
            splits.append(one_split(name, seed))
            print(name, seed, [(one["method"], one["family"], one["features"], *np.round(one["scores"], 4)) for one in
                               splits[-1]], flush=True)  # fmt: skip
        head = "| method | deviance | difference to the lasso (SE) | AUC | difference (SE) | features | CPU s |"
        text += [f"## {name}", "", head, "|---|---|---|---|---|---|---|"]
        scores = np.array([[one["scores"] for one in split] for split in splits])
        for i, one in enumerate(splits[0]):
            cells = []
            for j in (0, 1):
                apart = scores[:, i, j] - scores[:, -1, j]
                error = apart.std(ddof=1) / np.sqrt(len(apart))
                cells += [f"{scores[:, i, j].mean():.3f}", f"{apart.mean():+.3f} ({error:.3f})"]
            size, cpu = (np.mean([split[i][what] for split in splits]) for what in ("features", "CPU"))
            text.append(f"| {one['method']} | {' | '.join(cells)} | {size:.0f} | {cpu:.0f} |")
        chosen = [split[0]["family"] for split in splits]
        text += ["", f"Verdicts: {', '.join(chosen)}. {len(splits)} splits.", ""]
    RESULTS.write_text("\n".join(text))


if __name__ == "__main__":
    main(sys.argv[1:] or ["heart", "exposome", "new_study"])
