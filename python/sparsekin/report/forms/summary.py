"""The summary of a mixed form: how much each block is explained, loadings, shifts of tasks, covariance of Y.

No standard errors on loadings: their signs and rotations are arbitrary; `bootstrap` aligns before it compares.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.forms.block import column_squares
from sparsekin.report.augment import place_beside
from sparsekin.report.document import Document, table
from sparsekin.report.given import formula_line
from sparsekin.report.kept import single_notes
from sparsekin.report.numbers import column_groups, fixed, number
from sparsekin.results.forms.fit import BLOCKS, FormsFit
from sparsekin.results.naming import shorten
from sparsekin.results.own_rows import own_rows

MANY = 12  # columns of a block shown per table of loadings
_MANY_Y = 8  # outcomes up to which matrices and shifts are shown in full
_MANY_TASKS = 20
_ROOM = 88
_HEADINGS = {"y": "Loadings of Y (alpha)", "x": "Loadings of X (beta)", "z": "Loadings of Z (u)"}


def summarize_forms(fit: FormsFit) -> Document:
    """Summary of a mixed form, with `as_text`, `as_html`, `as_latex` and `as_csv`.

    Header; variance explained per block, split into fixed and random; loadings by name, largest first; shifts per
    task; residual variances; the covariance of Y the fit implies, and its correlations.
    """
    parts: list[SimpleTable | str] = [_header(fit), *formula_line(fit.design.formula)]
    parts += [f"Status: {_status(fit)}", _explained(fit)]
    for place, block in enumerate(BLOCKS):
        parts += _loadings(fit, place, block)
    parts += _shifts(fit)
    parts += _covariance(fit)
    return Document("Linear mixed form", [*parts, *_notes(fit)])


def tidy_forms(fit: FormsFit) -> pd.DataFrame:
    """One row per column and factor: block, term, factor, estimate (standard deviations per unit of the code)."""
    long = [
        frame.rename_axis("term").melt(ignore_index=False, var_name="factor", value_name="estimate").reset_index()
        .assign(block=block)
        for block, frame in zip(BLOCKS, (fit.alpha, fit.beta, fit.u), strict=True)
    ]  # fmt: skip
    return pd.concat(long, ignore_index=True)[["block", "term", "factor", "estimate"]]


def glance_forms(fit: FormsFit) -> pd.DataFrame:
    """One row: nobs, d, columns per block, missing cells, algorithm, penalties, objective, status, explained shares."""
    explained, problem = fit.variance_explained["explained"], fit.problem
    row = {
        "nobs": fit.nobs, "d": fit.d, "n_y": problem.Y.width, "n_x": problem.X.width, "n_z": problem.Z.width,
        "n_missing": sum(_missing(fit)), "algorithm": fit.algorithm, "ridge": problem.ridge, "l1": problem.l1,
        "orthogonal": problem.orthogonal, "objective": fit.objective, "status": fit.status,
        "own_share": float(fit.own_share.max()),
        **{f"explained_{block}": explained.get(block, np.nan) for block in BLOCKS},
        "sweeps": len(fit.solution.trace), "seconds": fit.solution.seconds,
    }  # fmt: skip
    return pd.DataFrame([row])


def augment_forms(fit: FormsFit, data: object = None) -> pd.DataFrame:
    """Codes, fitted values and residuals per row, beside the columns of `data` when given.

    Columns: those of `data`, .fixed_f1 ..., .random_f1 ..., .fitted_<y>, .resid_<y>.

    Raises
    ------
    DataError
        `data` does not hold the rows the model was fitted to, in their order.
    """
    added = pd.concat(
        [
            fit.codes_fixed.add_prefix(".fixed_"),
            fit.codes_random.add_prefix(".random_"),
            fit.fittedvalues.add_prefix(".fitted_"),
            fit.resid.add_prefix(".resid_"),
        ],
        axis=1,
    ).rename_axis(columns=None)
    if data is None:
        return added
    return place_beside(own_rows(fit, data), added)


def _header(fit: FormsFit) -> SimpleTable:
    problem, missing = fit.problem, _missing(fit)
    sizes = [f"{block.width} columns" + (f", {gone} cells missing" if gone else "")
             for block, gone in zip(problem.blocks, missing, strict=True)]  # fmt: skip
    left = [("Y:", sizes[0]), ("X:", sizes[1]), ("Z:", sizes[2]), ("Rows:", str(fit.nobs))]
    right = [
        ("Dimensions:", str(fit.d)),
        ("Algorithm:", fit.algorithm + (", orthonormal loadings" if problem.orthogonal else "")),
        ("ridge, l1:", f"{number(problem.ridge)}, {number(problem.l1)}"),
        ("Objective:", number(fit.objective, 6)),
    ]
    return table([[*a, *b] for a, b in zip(left, right, strict=True)], aligns="lrlr")


def _missing(fit: FormsFit) -> list[int]:
    return [block.n_rows * block.width - block.n_cells for block in fit.problem.blocks]


def _status(fit: FormsFit) -> str:
    found = fit.solution
    meaning = {
        "sweep limit": "sweep limit: the objective was still falling; raise max_sweeps",
        "interrupted": "interrupted: the best until then",
    }.get(found.status, found.status)
    heywood = f"; Heywood case: codes follow {shorten(fit.heywood, 3)}" if fit.heywood else ""
    return f"{meaning}{heywood} ({len(found.trace)} sweeps, {len(found.starts)} starts, {found.seconds:.2f} s)."


def _explained(fit: FormsFit) -> SimpleTable:
    shares = fit.variance_explained
    noise = dict(zip(BLOCKS, fit.solution.noise, strict=True))
    rows = [
        [block.upper(), *(fixed(float(value)) for value in row), number(noise[block])]
        for block, row in zip(shares.index, shares.to_numpy(), strict=True)
    ]
    return table(rows, ["Variance explained", "in all", "fixed", "random", "residual", "noise (v)"])


def _loadings(fit: FormsFit, place: int, block: str) -> list[SimpleTable | str]:
    frame = (fit.alpha, fit.beta, fit.u)[place]
    if not len(frame):
        return []
    size = np.sqrt((frame**2).sum(axis=1))
    order = np.argsort(-size.to_numpy(), kind="stable")[:MANY]
    cells = [[fixed(value, 2) if value else "" for value in row] for row in frame.to_numpy()[order]]
    out: list[SimpleTable | str] = []
    names = [str(frame.index[j]) for j in order]
    for ks in column_groups([6] * fit.d, _ROOM - max(map(len, [*names, _HEADINGS[block]]))):
        rows = [[name, *(row[k] for k in ks)] for name, row in zip(names, cells, strict=True)]
        out.append(table(rows, [_HEADINGS[block], *(str(fit.factors[k]) for k in ks)]))
    if len(frame) > len(order):
        attribute = ("alpha", "beta", "u")[place]
        out.append(f"{len(frame) - len(order)} further columns have smaller loadings: .{attribute}")
    return out


def _shifts(fit: FormsFit) -> list[SimpleTable | str]:
    shifts = fit.task_shifts
    if shifts is None:
        return []
    shown = shifts.iloc[:_MANY_TASKS, :_MANY_Y]
    rows = [[str(task), *(number(v) for v in row)] for task, row in zip(shown.index, shown.to_numpy(), strict=True)]
    out: list[SimpleTable | str] = [table(rows, [f"Shift by {fit.design.task}", *map(str, shown.columns)])]
    return out if shown.shape == shifts.shape else [*out, "More tasks or outcomes: .task_shifts"]


def _covariance(fit: FormsFit) -> list[SimpleTable | str]:
    found, names = fit.implied_covariance, list(fit.design.names[0])[:_MANY_Y]
    kinds = ("fixed", "random", "residual", "total")
    diagonals = [np.diag(found[kind].to_numpy()) for kind in kinds]
    rows = [[name, *(number(float(values[j])) for values in diagonals)] for j, name in enumerate(names)]
    out: list[SimpleTable | str] = [table(rows, ["Variance of Y implied", *kinds])]
    if len(names) > 1:
        correlation = fit.implied_correlation.loc[names, names].to_numpy()
        rows = [[name, *(fixed(v, 2) for v in row[: i + 1]), *[""] * (len(names) - i - 1)]
                for i, (name, row) in enumerate(zip(names, correlation, strict=True))]  # fmt: skip
        out.append(table(rows, ["Correlation implied", *names]))
    if len(fit.design.names[0]) > len(names):
        out.append("More outcomes: .implied_covariance, .implied_correlation")
    return out


def reading_notes(fit: FormsFit) -> list[str]:
    """What may be read of Y, and what may not."""
    adds = "what Z adds to that; Y itself is not used"
    if fit.solution.effects is not None:
        adds = "what knowing the task adds, as in a mixed model"
    held_out = "Shares are in-sample; for held-out errors cross-validate with target = 'y'."
    over = " over all tasks" if fit.solution.effects is not None else ""
    notes = [f"Y: fixed is what X predicts{over}, random {adds}. {held_out}"]
    if fit.heywood:
        notes.append(heywood_note(fit))
    if fit.cancels:
        notes.append(
            "X and Z do not tell K and H apart: they nearly cancel in Y. Neither code is to be read alone; the fixed "
            "and random parts of Y, its shifts and predictions do not depend on that."
        )
    return notes


def heywood_note(fit: FormsFit) -> str:
    """Which responses codes follow, and what to do."""
    shares = ", ".join(f"{name} {fit.own_share[name]:.2f}" for name in fit.heywood[:3])
    return (
        f"Heywood case: with d = {fit.d} codes follow a response itself, beyond what X and Z say of it (own share: "
        f"{shares}). Its fitted values and codes are not to be read; predictions, shifts and the variance of Y are. "
        "Another d may be without: cross-validate with target = 'y', refit 'best' or '1se'."
    )


def _notes(fit: FormsFit) -> list[str]:
    notes = ["Loadings: standard deviations of a column per unit of the code; (K + H)'(K + H) / n = I."]
    if fit.problem.orthogonal:
        notes = ["Loadings: orthonormal columns."]
    if fit.problem.l1 > 0:
        notes = ["Loadings: standard deviations of a column per unit of the code; blank: 0."]
    constant = [
        name
        for names, block in zip(fit.design.names, fit.problem.blocks, strict=True)
        for name, scale, values in zip(names, block.scale, column_squares(block), strict=True)
        if values == 0 and scale == 1
    ]
    if constant:
        notes.append(f"Constant, so without loadings: {shorten(constant)}.")
    notes += single_notes(fit.design.recipes)
    notes += reading_notes(fit)
    notes.append("No standard errors: signs and rotations of loadings are arbitrary. For intervals: .bootstrap().")
    return notes
