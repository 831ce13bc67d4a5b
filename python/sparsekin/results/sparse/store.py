"""A fit of `SparseMTL`, or an average of several, in one file."""

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
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.data.standardize import Standardization
from sparsekin.inference.halves import halves_in, halves_out
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.solution import Solution
from sparsekin.results.sparse.average import MEMBERS, AverageFit
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.store import (
    blocks_in,
    blocks_out,
    held_out_in,
    held_out_out,
    index_in,
    index_out,
    put,
    read_document,
    take,
    write_document,
)
from sparsekin.tuning.sparse.stacking import Stacking

Text = dict[str, Any]
_SIMPLE = ("lambda_1", "lambda_2", "lambda_z", "support_mode", "effort", "keep_tied")
_ARRAYS = ("s", "task_weights")
_MEANS = ("intercept", "coef", "keep_coef", "inclusion")
_BEST = "best_member"


def save_fit(fit: SparseFit, path: str | os.PathLike[str]) -> None:
    """Write a fit, the data it was fitted to included, to one .npz file named exactly `path`."""
    arrays, text = _data_out(fit)
    _fit_out(fit, arrays, text)
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
        text = decode(document["text"])
        return _data_in(arrays, text, document) | _fit_in(arrays, text)


def save_average(fit: AverageFit, path: str | os.PathLike[str]) -> None:
    """Write an average, its best member and the data included, to one .npz file named exactly `path`."""
    arrays, text = _data_out(fit)
    arrays |= {f"means.{name}": getattr(fit, name) for name in _MEANS}
    put(arrays, text, "members", {name: np.asarray(fit.members[name]) for name in MEMBERS[1:]})
    text |= {"members.family": fit.members["family"].tolist(), "verdict": fit.verdict, "cut": fit.cut}
    if fit.best_member is not None:
        best: tuple[Arrays, Text] = ({}, {})
        put(*best, "standard", _fields(fit.best_member.standard))
        _fit_out(fit.best_member, *best)
        for held, part in zip((arrays, text), best, strict=True):
            held |= {f"{_BEST}.{name}": value for name, value in part.items()}
    write_document(path, "AverageResults", fit.design.to_dict(), text, arrays)


def load_average(path: str | os.PathLike[str], best_kind: type[SparseFit]) -> dict[str, Any]:
    """The fields of the `AverageFit` that `save_average` wrote, its best member of class `best_kind`.

    Raises
    ------
    DataError
        The file is not a saved average, or was written by a later version of sparsekin.
    """
    arrays, document = read_document(path, "AverageResults")
    with as_saved(path):
        text = decode(document["text"])
        data = _data_in(arrays, text, document)
        best = {name.removeprefix(f"{_BEST}."): part for name, part in arrays.items() if name.startswith(_BEST)}
        said = {name.removeprefix(f"{_BEST}."): part for name, part in text.items() if name.startswith(_BEST)}
        member = None
        if best:
            own = {"standard": Standardization(**take(best, said, "standard"))}
            member = best_kind(**data | own | _fit_in(best, said))
        return data | {
            **take(arrays, {}, "means"),
            "members": pd.DataFrame(take(arrays, text, "members"), columns=list(MEMBERS)),
            "verdict": text["verdict"],
            "best_member": member,
            "cut": text["cut"],
        }


def _data_out(fit: LinearFit) -> tuple[Arrays, Text]:
    """What every fit holds of its data."""
    refuse_on_disk(fit.blocks, "save(), which writes the data beside the fit,", "Keep params.to_csv(), or tidy().")
    arrays, text = blocks_out(fit.blocks)
    put(arrays, text, "standard", _fields(fit.standard))
    if fit.blocks.origin is not None:
        put(arrays, text, "origin", _fields(fit.blocks.origin))
    arrays["row_positions"] = fit.row_positions
    held, said = held_out_out(fit.held_out)
    arrays |= held
    text |= said
    text |= {"ledger": _fields(fit.ledger)} | index_out(fit.index)
    return arrays, text


def _data_in(arrays: Arrays, text: Text, document: dict[str, Any]) -> dict[str, Any]:
    return {
        "blocks": blocks_in(arrays, text),
        "design": Design.from_dict(document["design"]),
        "ledger": RowLedger(**text["ledger"]),
        "row_positions": arrays["row_positions"],
        "index": index_in(text),
        "standard": Standardization(**take(arrays, text, "standard")),
        "held_out": held_out_in(arrays, text),
    }


def _fit_out(fit: SparseFit, arrays: Arrays, text: Text) -> None:
    """What a fit holds besides its data."""
    for name in ("solution", "stacking", "certificate"):
        if getattr(fit, name) is not None:
            put(arrays, text, name, _fields(getattr(fit, name)))
    if fit.halves is not None:
        put(arrays, text, "halves", halves_out(fit.halves))
    arrays |= {name: getattr(fit, name) for name in _ARRAYS}
    text |= {name: getattr(fit, name) for name in _SIMPLE}


def _fit_in(arrays: Arrays, text: Text) -> dict[str, Any]:
    return (
        {name: arrays[name] for name in _ARRAYS}
        | {name: text[name] for name in _SIMPLE}
        | {
            "solution": Solution(**take(arrays, text, "solution")),
            "certificate": Certificate(**take(arrays, text, "certificate")) if "certificate.bound" in text else None,
            "stacking": Stacking(**take(arrays, text, "stacking")) if "stacking.weights" in arrays else None,
            "halves": halves_in(take(arrays, text, "halves")) if "halves.asked" in text else None,
        }
    )


def _fields(part: Any) -> dict[str, Any]:
    return {field.name: getattr(part, field.name) for field in fields(part)}
