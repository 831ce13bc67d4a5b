"""Models side by side, a column per task: for a manuscript."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.errors import OptionError, kind_of
from sparsekin.options import check_option
from sparsekin.report.document import Document, table
from sparsekin.report.numbers import number
from sparsekin.report.page.parts import Page
from sparsekin.report.page.word import page_word
from sparsekin.report.sparse.tidy import by_term_and_task
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.sparse.ranking import rank_features

_FEET = {
    "rows": "Rows", "selected": "Features", "s": "s, at most", "lambda_1": "lambda_1", "lambda_2": "lambda_2",
    "lambda_z": "lambda_z", "rmse": "RMSE", "r2": "R2", "explained": "Deviance explained", "auc": "AUC",
    "concordance": "C",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class TaskColumn:
    """One task of one model, as packages for tables ask for it (the plug-in format of maketables).

    ========= ========= ==================================================================================
    field     shape     meaning
    ========= ========= ==================================================================================
    model     str       name of the model
    task      str       name of the task; "all" where one model serves all of them
    outcome   str
    terms     DataFrame index term; columns estimate and, of held-out effects, std_error, conf_low, conf_high, p_value
    feet      dict      what stands below: the keys of `etable`'s foot that the model has
    ========= ========= ==================================================================================
    """

    model: str
    task: str
    outcome: str
    terms: pd.DataFrame
    feet: dict[str, float]

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        found = self.terms.dropna(subset="estimate")
        se = found.get("std_error", pd.Series(np.nan, found.index))
        p = found.get("p_value", pd.Series(np.nan, found.index))
        made = {"b": found["estimate"], "se": se, "t": found["estimate"] / se, "p": p}
        return pd.DataFrame(made).rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> float | None:
        return self.feet.get({"N": "rows"}.get(key, key))

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return dict(_FEET)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return list(self.feet)


class ModelTable(Document):
    """What `etable` returns: `frame`, `flat`, `columns`; ``as_html()``, ``as_latex()``, ``as_csv()``, ``to_word()``."""

    def __init__(self, columns: Sequence[TaskColumn], terms: Sequence[str], heldout: bool, digits: int) -> None:
        self.columns = list(columns)
        self.frame = _frame(columns, terms, heldout, digits)
        note = (
            "Effects with standard errors in brackets, estimated on halves of the rows that had no part in the choice."
            if heldout
            else "Coefficients in the units of the data, blank where a task does not select the feature; no standard "
            "errors, for the same rows selected the features."
        )
        heads = [f"{one.model}: {one.task}" if one.model else one.task for one in self.columns]
        self._heads = _told_apart(heads)
        rows = [[str(term), *line] for term, line in zip(self.frame.index, self.frame.to_numpy().tolist(), strict=True)]
        super().__init__("Models side by side", [table(rows, ["", *self._heads], aligns="l"), note])

    @property
    def flat(self) -> pd.DataFrame:
        """`frame` with one row of heads ("model: task") and the terms as its first column, for great_tables.

        Of heads that are the same, or "term", the later ones end in " (2)", " (3)", ...
        """
        heads = _told_apart([str(self.frame.index.name), *self._heads])
        return self.frame.set_axis(heads[1:], axis=1).reset_index()

    def to_word(self, path: str | os.PathLike[str] | None = None) -> bytes:
        """The table as a Word document: the bytes of a .docx file, also written to `path` where one is given.

        Raises
        ------
        MissingExtraError
            python-docx is not installed.
        OSError
            `path` cannot be written.
        """
        return page_word(Page(self.title, tuple(self.parts), ()), path)


def etable(
    results: LinearFit | Sequence[LinearFit] | Mapping[str, LinearFit], *, heldout: bool = False, digits: Any = 3
) -> ModelTable:
    """Models side by side, a column per task, as a table of a manuscript.

    Parameters
    ----------
    results : fit, sequence of fits, or dict of fits by name
        Of `SparseMTL`, averages too.
    heldout : bool
        Instead of coefficients the effects estimated on halves of the rows that had no part in the choice, with their
        standard errors; every fit needs `stability` then.
    digits : int
        Significant digits.

    Returns
    -------
    ModelTable
        ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``, ``to_word()``. ``.frame`` is a DataFrame of
        texts with model and task above its columns, ``.flat`` the same for ``great_tables.GT(made.flat, "term")``, and
        ``.columns`` are the columns in the plug-in format of maketables: ``maketables.ETable(etable(res).columns)``.
        Where lambda_2 is infinite tasks share one column.

    Raises
    ------
    OptionError
        There is no fit, or another kind of result; `heldout` without half-samples; `digits` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import SparseMTL, etable
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 4))
    >>> y = 2 * X[:, 1] + 0.1 * rng.standard_normal(60)
    >>> model = SparseMTL(y, X, np.repeat(["north", "south"], 30))
    >>> made = etable({"one": model.fit(s=1, lambda_2=np.inf), "each": model.fit(s=1)})
    >>> made.frame.loc["x2"].tolist()
    ['1.99', '2', '1.98']
    """
    check_option("heldout", heldout, (False, True))
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= 15:
        raise OptionError(f"digits = {digits!r} must be a whole number from 1 to 15.")
    named = _named(results)
    columns = [one for name, fit in named.items() for one in _columns(name, fit, heldout)]
    terms = list(dict.fromkeys(term for name, fit in named.items() for term in _order(fit, heldout)))
    return ModelTable(columns, terms, heldout, digits)


def _named(results: Any) -> dict[str, LinearFit]:
    """The fits by name; one alone has none."""
    if isinstance(results, Mapping):
        named = dict(results)
    elif isinstance(results, Iterable) and not isinstance(results, str | bytes | pd.DataFrame):
        named = {f"({i})": fit for i, fit in enumerate(results, 1)}
    else:
        named = {"": results}
    if not named:
        raise OptionError("etable() needs at least one fit.")
    for name, fit in named.items():
        if not isinstance(fit, LinearFit):
            raise OptionError(
                "etable() is for fits of SparseMTL and their averages, but "
                f"{'what was given' if name == '' else repr(name)} is {kind_of(fit)}."
            )
    return dict(zip(_told_apart([str(name) for name in named]), named.values(), strict=True))


def _told_apart(heads: Sequence[str]) -> list[str]:
    """The heads, each once: later ones that are the same end in " (2)", " (3)", ..."""
    out: list[str] = []
    for head in heads:
        made, n = head, 1
        while made in out or (n > 1 and made in heads):
            n += 1
            made = f"{head} ({n})"
        out.append(made)
    return out


def _order(fit: LinearFit, heldout: bool) -> list[str]:
    """Features in the order of importance, then always-in terms."""
    found = fit.estimates
    names = [fit.blocks.feature_names[j] for j in rank_features(found.support, found.coef_standardized)]
    return names if heldout else [*names, *fit.blocks.keep_names]


def _columns(name: str, fit: LinearFit, heldout: bool) -> list[TaskColumn]:
    pooled = isinstance(fit, SparseFit) and fit.pooled and not heldout
    rows = _heldout(name, fit) if heldout else _coefficients(fit)
    tasks = list(fit.blocks.task_names)[:1] if pooled else list(fit.blocks.task_names)
    heads = ["all"] if pooled else _told_apart([str(task) for task in tasks])
    by_task: dict[Any, pd.DataFrame] = dict(iter(rows.set_index("term").groupby("task", sort=False)))
    outcome = shorten(fit.design.outcomes, 3)
    return [
        TaskColumn(
            name, head, outcome, by_task[task].drop(columns="task"),
            _feet(fit, None if pooled else task),
        )
        for head, task in zip(heads, tasks, strict=True) if task in by_task
    ]  # fmt: skip


def _coefficients(fit: LinearFit) -> pd.DataFrame:
    found = fit.estimates
    rows = by_term_and_task(fit, rank_features(found.support, found.coef_standardized), found.support)
    return rows.loc[rows["kind"] != "intercept", ["term", "task", "estimate"]]


def _heldout(name: str, fit: LinearFit) -> pd.DataFrame:
    halves = getattr(fit, "halves", None)
    if halves is None:
        which = f"the fit {name!r} has" if name else "the fit has"
        raise OptionError(f"heldout=True needs half-samples, and {which} none; call .stability() first.")
    rows = fit.tidy()  # type: ignore[attr-defined]
    rows = rows[rows["kind"] == "candidate"].rename(columns={"estimate": "fitted", "estimate_heldout": "estimate"})
    return rows[["term", "task", "estimate", "std_error", "conf_low", "conf_high", "p_value"]]


def _feet(fit: LinearFit, task: object) -> dict[str, float]:
    """Of one task; of all where there is none: sums of rows, means of the rest."""
    found = fit.task_fit
    rows = found if task is None else found.iloc[[list(fit.blocks.task_names).index(task)]]
    feet: dict[str, float] = {"rows": float(rows["n"].sum()), "selected": float(rows["selected"].mean())}
    if isinstance(fit, SparseFit):
        feet |= {"s": float(fit.s.max()), "lambda_1": fit.lambda_1, "lambda_2": fit.lambda_2, "lambda_z": fit.lambda_z}
    return feet | {name: float(rows[name].mean()) for name in _FEET if name in rows and name not in feet}


def _frame(columns: Sequence[TaskColumn], terms: Sequence[str], heldout: bool, digits: int) -> pd.DataFrame:
    """(terms and feet, columns) texts."""
    feet = [key for key in _FEET if any(key in one.feet for one in columns)]
    body = {
        (one.model, one.task): [_cell(one, term, heldout, digits) for term in terms]
        + [number(one.feet.get(key), max(digits, 6) if key == "rows" else digits) for key in feet]
        for one in columns
    }
    index = pd.Index([*terms, *(_FEET[key] for key in feet)], name="term")
    found = pd.DataFrame(body, index=index)
    found.columns = pd.MultiIndex.from_tuples(list(body), names=["model", "task"])
    return found


def _cell(column: TaskColumn, term: str, heldout: bool, digits: int) -> str:
    if term not in column.terms.index:
        return ""
    found: dict[Any, Any] = column.terms.loc[term].to_dict()
    text = number(found["estimate"], digits)
    se = found.get("std_error", np.nan)
    return f"{text} ({number(se, 2)})" if heldout and text and np.isfinite(se) else text
