"""A HAL fit in one file, as `sparsekin.results.store` keeps the others."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

import numpy as np

from sparsekin.data.design import Design
from sparsekin.data.files import Arrays, as_saved
from sparsekin.data.frame import RowLedger
from sparsekin.data.jsonable import decode
from sparsekin.hal.basis import Axis, Basis, Section
from sparsekin.inference.curves import CurveHalves
from sparsekin.results.hal.fit import HALFit
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

_SIMPLE = (
    "families",
    "levels",
    "lambda_",
    "penalty",
    "l1_ratio",
    "n_functions",
    "n_sections",
    "objective",
    "gap",
    "null",
    "status",
)
_ARRAYS = ("row_positions", "coef", "intercept", "keep_coef", "bounds")
_KIND = "HALResults"


def save_hal(fit: HALFit, path: str | os.PathLike[str]) -> None:
    """Write a fit, the data it was fitted to included, to one .npz file named exactly `path`."""
    arrays, text = blocks_out(fit.blocks)
    arrays |= {name: getattr(fit, name) for name in _ARRAYS} | _basis_out(fit.basis)
    text |= {name: getattr(fit, name) for name in (*_SIMPLE, "scaled", "linear")}
    text |= {
        "ledger": {name: getattr(fit.ledger, name) for name in RowLedger.__slots__},
        **index_out(fit.index),
        "sections": [(one.axes, one.orders, one.factor, one.sign) for one in fit.basis.sections],
        "columns": [axis.column for axis in fit.basis.axes],
    }
    held, said = held_out_out(fit.held_out)
    arrays |= held
    text |= said
    if fit.halves is not None:
        put(arrays, text, "halves", {name: getattr(fit.halves, name) for name in CurveHalves.__slots__})
    write_document(path, _KIND, fit.design.to_dict(), text, arrays)


def load_hal(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The fields of the `HALFit` that `save_hal` wrote.

    Raises
    ------
    DataError
        The file is not a saved HAL fit, or was written by a later version of sparsekin.
    """
    arrays, document = read_document(path, _KIND)
    with as_saved(path):
        return _hal_in(arrays, document)


def _hal_in(arrays: Arrays, document: dict[str, Any]) -> dict[str, Any]:
    text = decode(document["text"])
    found: dict[str, Any] = {name: arrays[name] for name in _ARRAYS} | {name: text[name] for name in _SIMPLE}
    return found | {
        "blocks": blocks_in(arrays, text),
        "design": Design.from_dict(document["design"]),
        "ledger": RowLedger(**text["ledger"]),
        "index": index_in(text),
        "basis": _basis_in(arrays, text),
        "scaled": text.get("scaled", False),
        "linear": text.get("linear"),
        "held_out": held_out_in(arrays, text),
        "halves": _halves_in(take(arrays, text, "halves")) if "halves.asked" in text else None,
    }


def _halves_in(parts: dict[str, Any]) -> CurveHalves:
    return CurveHalves(**parts | {"sections": tuple(tuple(one) for one in parts["sections"])})


def _basis_out(basis: Basis) -> Arrays:
    knots = [axis.knots for axis in basis.axes]
    cells = [section.cells for section in basis.sections]
    return {
        "knots": np.concatenate([*knots, np.empty(0)]), "knot_ends": np.cumsum([0, *map(len, knots)]),
        "cells": np.concatenate([*cells, np.empty(0, np.int64)]), "cell_ends": np.cumsum([0, *map(len, cells)]),
    }  # fmt: skip


def _basis_in(arrays: Arrays, text: dict[str, Any]) -> Basis:
    knots = [arrays["knots"][lo:hi].copy() for lo, hi in pairwise(arrays["knot_ends"])]
    cells = [arrays["cells"][lo:hi].copy() for lo, hi in pairwise(arrays["cell_ends"])]
    axes = tuple(Axis(column, part) for column, part in zip(text["columns"], knots, strict=True))
    sections = tuple(
        Section(tuple(at), tuple(orders), part, factor, sign)
        for (at, orders, factor, sign), part in zip(text["sections"], cells, strict=True)
    )
    return Basis(axes, sections)
