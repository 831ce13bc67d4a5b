"""A fitted mixed form in one file: a NumPy .npz archive of arrays and one JSON text, no pickle."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

import numpy as np
from scipy import sparse

from sparsekin.data.files import Arrays, as_saved
from sparsekin.data.forms_design import FormsDesign
from sparsekin.data.jsonable import decode
from sparsekin.forms.block import Block
from sparsekin.forms.problem import Problem, Solution
from sparsekin.results.forms.fit import FormsFit
from sparsekin.results.store import index_in, index_out, read_document, write_document

_KIND = "FormsResults"
_OPTIONS = ("d", "ridge", "l1", "orthogonal", "rank_x", "rank_z")


def save_forms(fit: FormsFit, path: str | os.PathLike[str]) -> None:
    """Write a fit, its data included, to one .npz file named exactly `path`."""
    arrays: dict[str, Any] = {"task_codes": fit.task_codes, "noise": fit.problem.noise}
    text: dict[str, Any] = {"algorithm": fit.algorithm, **{name: getattr(fit.problem, name) for name in _OPTIONS}}
    text |= index_out(fit.index)
    for letter, block in zip("YXZ", fit.problem.blocks, strict=True):
        text[f"{letter}.total"] = block.total
        arrays |= {f"{letter}.{name}": value for name, value in _block_out(block).items()}
    for field in fields(Solution):
        value = getattr(fit.solution, field.name)
        (arrays if isinstance(value, np.ndarray) else text)[f"solution.{field.name}"] = value
    write_document(path, _KIND, fit.design.to_dict(), text, arrays)


def load_forms(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The fields of the `FormsFit` that `save_forms` wrote.

    Raises
    ------
    DataError
        The file is not a saved mixed form, or was written by a later version of sparsekin.
    """
    arrays, document = read_document(path, _KIND)
    with as_saved(path):
        return _forms_in(arrays, document)


def _forms_in(arrays: Arrays, document: dict[str, Any]) -> dict[str, Any]:
    text = decode(document["text"])
    whole = arrays | text
    Y, X, Z = (_block_in(whole, letter) for letter in "YXZ")
    return {
        "design": FormsDesign.from_dict(document["design"]),
        "problem": Problem(Y, X, Z, noise=arrays["noise"], **{name: text[name] for name in _OPTIONS}),
        "solution": _solution_in(whole),
        "task_codes": arrays["task_codes"],
        "index": index_in(text),
        "algorithm": text["algorithm"],
    }


def _solution_in(whole: dict[str, Any]) -> Solution:
    return Solution(**{field.name: whole[f"solution.{field.name}"] for field in fields(Solution)})


def _block_out(block: Block) -> dict[str, Any]:
    out: dict[str, Any] = {"center": block.center, "scale": block.scale}
    if block.seen is not None:
        out["seen"] = block.seen > 0
    values: Any = block.values
    if sparse.issparse(values):
        parts = {"data": values.data, "indices": values.indices, "indptr": values.indptr}
        return out | parts | {"shape": np.array(values.shape)}
    return out | {"values": values}


def _block_in(whole: dict[str, Any], letter: str) -> Block:
    part = {name[2:]: value for name, value in whole.items() if name.startswith(f"{letter}.")}
    if "values" in part:
        values = part["values"]
    else:
        values = sparse.csr_array((part["data"], part["indices"], part["indptr"]), shape=tuple(part["shape"]))
    seen = part["seen"].astype(float) if "seen" in part else None
    return Block(values, seen, part["center"], part["scale"], part["total"])
