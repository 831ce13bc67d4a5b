"""Text that should hardly be a factor: numbers with a mark for what is missing, and names of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd
from formulaic.parser.types import Factor, Term

from sparsekin.data.blocks import Bools
from sparsekin.data.frame import list_names
from sparsekin.data.recipe import Recipe
from sparsekin.data.rows import Codes
from sparsekin.errors import DataWarning, warn

_MANY = 0.25  # levels per row
_FEW = 5  # levels that are never too many
_NUMBERS = 0.9  # share of the texts that are numbers


def warn_of_text(
    frame: pd.DataFrame, recipe: Recipe, terms: Iterable[Term], rows: Codes, given: Collection[str] = ()
) -> None:
    """A `DataWarning` for each factor that has more than n/4 levels on n rows, or whose texts are numbers.

    `given` are factors whose levels the user listed, of which nothing is said; where all texts are numbers, nothing
    is said either if the user chose categories, by the type of the column or by C().
    """
    plain = {factor.expr for term in terms for factor in term.factors if factor.eval_method is Factor.EvalMethod.LOOKUP}
    for name in [name for name in recipe.levels if name not in given]:
        column = frame[name].iloc[rows]
        chosen = isinstance(column.dtype, pd.CategoricalDtype) or name not in plain
        counts = column.astype(object).value_counts() if recipe.kinds[name] == "text" else None
        if counts is None or not _warn_of_numbers(name, counts, chosen):
            _warn_of_levels(name, len(recipe.levels[name]), len(rows))


def warn_of_levels(recipe: Recipe, n_rows: int, given: Collection[str] = ()) -> None:
    """The same for rows that were read in chunks, of which the levels are known."""
    for name, levels in recipe.levels.items():
        counts = pd.Series(1, index=pd.Index(list(levels)))
        if name not in given and not (recipe.kinds[name] == "text" and _warn_of_numbers(name, counts, False)):
            _warn_of_levels(name, len(levels), n_rows)


def _warn_of_levels(name: str, n_levels: int, n_rows: int) -> None:
    if n_levels > max(_MANY * n_rows, _FEW):
        warn(
            f"Column '{name}' has {n_levels} different values in {n_rows} rows, so it makes {n_levels - 1} columns, "
            "each of them little more than one row. If it names rows, patients or sites, take it out of the formula or "
            "give it as task= or groups=; else merge its values into fewer.",
            DataWarning,
        )


def _warn_of_numbers(name: str, counts: pd.Series, chosen: bool) -> bool:
    """Whether a warning was given that of these texts, counted, most are numbers."""
    numbers = _are_numbers(counts.index)
    share = counts[numbers].sum() / max(counts.sum(), 1)
    if share < _NUMBERS or (share == 1 and chosen):
        return False
    but = f" (not {list_names(counts.index[~numbers][:3])})" if share < 1 else ""
    warn(
        f"Column '{name}' is text, but {int(100 * share)} % of its values are numbers{but}; as text, its {len(counts)} "
        f"different values make {len(counts) - 1} columns. Make numbers of it, as by pd.to_numeric(data['{name}'], "
        f"errors='coerce'), which makes the rest missing; or write C({name}) if categories are meant.",
        DataWarning,
    )
    return True


def _are_numbers(texts: pd.Index) -> Bools:
    """(m,) whether each text is a number, with a decimal point or comma."""
    plain = pd.Series([str(text).strip().replace(",", ".") for text in texts], dtype=object)
    return pd.to_numeric(plain, errors="coerce").notna().to_numpy()
