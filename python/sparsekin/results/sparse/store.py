"""A fit of `SparseMTL` in one file."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.design import Design
from sparsekin.data.files import Arrays, as_saved
from sparsekin.data.frame import RowLedger
from sparsekin.data.jsonable import decode
from sparsekin.data.standardize import Standardization
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.solution import Solution
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.store import blocks_in, blocks_out, read_document, take, write_document
from sparsekin.tuning.sparse.stacking import Stacking

_SIMPLE = ("lambda_1", "lambda_2", "lambda_z", "support_mode", "effort")
_ARRAYS = ("row_positions", "s", "task_weights")


def save_fit(fit: SparseFit, path: str | os.PathLike[str]) -> None:
    """Write a fit, the data it was fitted to included, to one .npz file named exactly `path`."""
    arrays, text = blocks_out(fit.blocks)
    parts: dict[str, Any] = {"standard": fit.standard, "solution": fit.solution}
    if fit.blocks.origin is not None:
        parts["origin"] = fit.blocks.origin
    if fit.stacking is not None:
        parts["stacking"] = fit.stacking
    if fit.certificate is not None:
        parts["certificate"] = fit.certificate
    for prefix, part in parts.items():
        for name, value in _fields(part).items():
            _put(arrays, text, f"{prefix}.{name}", value)
    arrays |= {name: getattr(fit, name) for name in _ARRAYS}
    text |= {name: getattr(fit, name) for name in _SIMPLE}
    text |= {"ledger": _fields(fit.ledger), "index": fit.index.tolist(), "index_names": list(fit.index.names)}
    write_document(path, "SparseResults", fit.design.to_dict(), text, arrays)


def load_fit(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The fields of the `SparseFit` that `save_fit` wrote.

    Raises
    ------
    DataError
        The file is not a saved fit, or was written by a later version of sparsekin.
    """
    arrays, document = read_document(path, "SparseResults")
    with as_saved(path):
        return _fit_in(arrays, document)


def _fit_in(arrays: Arrays, document: dict[str, Any]) -> dict[str, Any]:
    text = decode(document["text"])
    found: dict[str, Any] = {name: arrays[name] for name in _ARRAYS} | {name: text[name] for name in _SIMPLE}
    index = pd.Index(text["index"])
    index.names = text["index_names"]
    return found | {
        "blocks": blocks_in(arrays, text),
        "design": Design.from_dict(document["design"]),
        "ledger": RowLedger(**text["ledger"]),
        "index": index,
        "standard": Standardization(**take(arrays, text, "standard")),
        "solution": Solution(**take(arrays, text, "solution")),
        "certificate": Certificate(**take(arrays, text, "certificate")) if "certificate.bound" in text else None,
        "stacking": Stacking(**take(arrays, text, "stacking")) if "stacking.weights" in arrays else None,
    }


def _fields(part: Any) -> dict[str, Any]:
    return {field.name: getattr(part, field.name) for field in fields(part)}


def _put(arrays: Arrays, text: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        arrays[name] = value
    else:
        text[name] = value
