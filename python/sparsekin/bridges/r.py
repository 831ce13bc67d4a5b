"""R from Python, through rpy2: data frames and formulas of R in, results as R lists out, and the R package itself.

Needs the extra ``r``: ``pip install "sparsekin[r]"``. rpy2's own conversion of data frames is not used: it turns a
missing integer into -2147483648 and hides missing text, truth values and dates.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.bridges.columns.door import call
from sparsekin.bridges.columns.vectors import Kind, kind_of, to_numbers, to_series, to_texts
from sparsekin.errors import DataError, needs
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.models.sparse.results import SparseResults

_LIBRARIES = os.environ.get("LD_LIBRARY_PATH")
try:
    with needs("sparsekin.bridges.r", "rpy2 and R", "r"):
        import rpy2.rinterface as ri
        import rpy2.robjects as ro
        from rpy2.robjects.packages import importr
finally:  # rpy2 adds R's libraries, among which a Python started from here may find another Python's
    os.environ.pop("LD_LIBRARY_PATH", None)
    if _LIBRARIES is not None:
        os.environ["LD_LIBRARY_PATH"] = _LIBRARIES

_KINDS: dict[Any, Kind] = {
    ri.RTYPES.REALSXP: "double",
    ri.RTYPES.INTSXP: "integer",
    ri.RTYPES.LGLSXP: "logical",
    ri.RTYPES.STRSXP: "character",
}
_CLASSES: dict[str, Kind] = {"factor": "factor", "Date": "date"}
_UNREADABLE = ("POSIXct", "POSIXlt", "difftime", "integer64")


def to_pandas(data: Any) -> pd.DataFrame:
    """An R data frame as a pandas frame; NA is missing in every kind of column.

    Parameters
    ----------
    data : R data.frame
        Columns of numbers, truth values, text, factors and dates.

    Returns
    -------
    DataFrame
        Integer and logical columns with missing values have pandas' nullable types. Row names, if any, are the index.

    Raises
    ------
    DataError
        A column of another kind; the message names it.
    """
    names = [str(name) for name in data.names]
    columns = [_series(ri.ListSexpVector.__getitem__(data, i), name) for i, name in enumerate(names)]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    frame = frame.set_axis(names, axis=1)
    rows = ro.baseenv["attr"](data, "row.names")
    return frame.set_axis(pd.Index([str(row) for row in rows])) if _rtype(rows) == "character" else frame


def to_r(frame: pd.DataFrame) -> Any:
    """A pandas frame as an R data frame; what is missing is NA in every kind of column.

    Raises
    ------
    DataError
        A column that is neither numbers, text, categories nor dates.
    """
    columns = ro.ListVector([(str(name), _vector(frame.iloc[:, j])) for j, name in enumerate(frame.columns)])
    as_frame = ro.baseenv["as.data.frame"]
    return as_frame(columns, stringsAsFactors=False, optional=True)


def formula_text(formula: Any) -> str:
    """A formula of R as text that `SparseMTL.from_formula` reads; text as it is.

    ``cbind(y1, y2) ~ x`` becomes ``y1 + y2 ~ x``, ``^`` becomes ``**``, and names with a point are quoted.
    """
    if isinstance(formula, str):
        return formula
    text = " ".join(str(part).strip() for part in ro.baseenv["deparse"](formula, 500))
    for name in sorted({str(name) for name in ro.baseenv["all.vars"](formula) if "." in str(name).strip(".")}):
        text = re.sub(rf"(?<![\w.`]){re.escape(name)}(?![\w.`])", f"`{name}`", text)
    text = text.replace("^", "**")
    return re.sub(r"^cbind\((.*?)\) ~", lambda found: f"{' + '.join(found[1].split(', '))} ~", text)


def from_formula(formula: Any, data: Any, task: str | None = None, **options: Any) -> SparseMTL:
    """`SparseMTL.from_formula` for a formula and a data frame of R.

    Parameters
    ----------
    formula : R formula or str
    data : R data.frame or any frame `SparseMTL.from_formula` takes
    task, **options
        As for `SparseMTL.from_formula`.
    """
    frame = to_pandas(data) if isinstance(data, ri.ListSexpVector) else data
    return SparseMTL.from_formula(formula_text(formula), frame, task, **options)


def to_r_list(result: SparseResults) -> Any:
    """A fit as an R list of class ``sparsekin_results``.

    Its elements: ``coefficients`` (a matrix, terms by tasks), ``tidy`` and ``glance`` (data frames), ``tasks``,
    ``selected``, ``summary`` (text).
    """
    params = result.params
    dimnames = ro.ListVector({"term": ro.StrVector(list(params.index)), "task": _texts(params.columns)})
    values = ro.FloatVector(params.to_numpy(np.float64).ravel(order="F"))
    made = ro.ListVector({
        "coefficients": ro.baseenv["matrix"](values, nrow=len(params), dimnames=dimnames),
        "tidy": to_r(result.tidy().assign(task=lambda table: table["task"].map(str))),
        "glance": to_r(result.glance()),
        "tasks": _texts(params.columns),
        "selected": ro.StrVector(result.selected),
        "summary": ro.StrVector([str(result.summary())]),
    })  # fmt: skip
    made.rclass = ro.StrVector(["sparsekin_results", "list"])
    return made


def load_r_package() -> Any:
    """The R package sparsekin, computing in this process.

    R code calls back into this Python through a function set as R option ``sparsekin.transport``, so that reticulate
    never starts a Python of its own: both in one process crash.

    Returns
    -------
    rpy2 package
        ``load_r_package().sparse_mtl(ro.Formula("y ~ ."), data=to_r(frame), task="study", s=5)``
    """
    ro.baseenv["options"](**{"sparsekin.transport": _r_function()})
    return importr("sparsekin")


@cache
def _r_function() -> Any:
    """The transport as R sees it; R does not keep it alive, so it must never be collected."""
    return ri.rternalize(_transport)


def _transport(method: Any, header: Any, *buffers: Any) -> Any:
    """What the R package calls in place of reticulate: R vectors in, an R list of text and raw vectors out."""
    text, *out = call(str(method[0]), str(header[0]), *(np.asarray(part).tobytes() for part in buffers))
    raw = [ri.ByteSexpVector.from_memoryview(memoryview(bytes(part))) for part in out]
    return ri.ListSexpVector([ri.StrSexpVector([text]), *raw])


def _rtype(vector: Any) -> Kind | None:
    return _KINDS.get(vector.typeof)


def _series(vector: Any, name: str) -> pd.Series:
    """One column, by its class, else by its type."""
    classes = [str(one) for one in vector.rclass]
    kind = next((_CLASSES[one] for one in classes if one in _CLASSES), _rtype(vector))
    if kind is None or any(one in _UNREADABLE or one == "matrix" for one in classes):
        raise DataError(
            f"Column '{name}' is of class '{classes[0]}', which is not read; make it numbers, text or dates."
        )
    if kind == "character":
        return pd.Series([None if text is ri.NA_Character else str(text) for text in vector], dtype="str")
    numbers = np.array(vector, copy=True)
    if kind != "factor":
        return to_series(kind, _days(numbers) if kind == "date" else numbers)
    levels = [str(level) for level in vector.do_slot("levels")]
    codes = np.where(numbers == np.iinfo(np.int32).min, numbers, numbers - 1)
    return to_series(kind, codes, levels, "ordered" in classes)


def _days(numbers: np.ndarray) -> np.ndarray:
    """Days as float64; R may hold them as integers."""
    if numbers.dtype.kind == "f":
        return numbers
    return np.where(numbers == np.iinfo(np.int32).min, np.nan, numbers)


def _vector(column: pd.Series) -> Any:
    kind = kind_of(column)
    if kind == "character":
        return ro.StrVector([ri.NA_Character if text is None else text for text in to_texts(column)])
    numbers = to_numbers(column, kind)
    if kind == "factor":
        codes = np.where(numbers == np.iinfo(np.int32).min, numbers, numbers + 1).astype(np.int32)
        levels = _texts(column.cat.categories)
        kinds = ["ordered", "factor"] if column.cat.ordered else ["factor"]
        vector = ro.IntVector.from_memoryview(codes.data) if len(codes) else ro.IntVector([])
        return ro.baseenv["structure"](vector, **{"levels": levels, "class": ro.StrVector(kinds)})
    if kind in ("double", "date"):
        vector = ro.FloatVector.from_memoryview(_with_na(numbers).data) if len(numbers) else ro.FloatVector([])
        return vector if kind == "double" else ro.baseenv["structure"](vector, **{"class": "Date"})
    vector = ro.IntVector.from_memoryview(numbers.data) if len(numbers) else ro.IntVector([])
    return vector if kind == "integer" else ro.baseenv["as.logical"](vector)


def _with_na(numbers: np.ndarray) -> np.ndarray:
    """Missing numbers as R's NA, a NaN with a payload."""
    na: Any = ri.NA_Real
    return np.ascontiguousarray(np.where(np.isnan(numbers), na, numbers))


def _texts(labels: Any) -> Any:
    return ro.StrVector([str(label) for label in labels])
