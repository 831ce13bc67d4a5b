"""A fit in one file: a NumPy .npz archive of arrays and one JSON text, no pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sparsekin.data.blocks import Floats, Origin, Responses, StrataLabels, TaskBlocks
from sparsekin.data.files import Arrays, as_saved, check_head, headed, read_npz, write_npz
from sparsekin.data.jsonable import encode
from sparsekin.tuning.held_out import HeldOut


def write_document(
    path: str | os.PathLike[str], kind: str, design: dict[str, Any], text: dict[str, Any], arrays: Arrays
) -> None:
    """Write a fit whose results are of the class named `kind` to one .npz file named exactly `path`."""
    write_npz(path, headed(kind, {"design": design, "text": encode(text)}), arrays)


def read_document(path: str | os.PathLike[str], kind: str) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and JSON of a saved fit, which must be of the class named `kind`."""
    document, arrays = read_npz(path, "is not a saved sparsekin fit")
    with as_saved(path):
        check_head(path, document, kind)
    return arrays, document


def put(arrays: Arrays, text: dict[str, Any], prefix: str, part: Mapping[str, Any]) -> None:
    """Add the fields of a part, arrays and others, under its name."""
    for name, value in part.items():
        (arrays if isinstance(value, np.ndarray) else text)[f"{prefix}.{name}"] = value


def take(arrays: Arrays, text: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The fields of the part that was saved under `prefix`."""
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in (arrays | text).items() if name.startswith(start)}


def index_out(index: pd.Index) -> dict[str, Any]:
    """Labels of the user's rows, from which `index_in` makes them again."""
    return {"index": index.tolist(), "index_names": list(index.names)}


def index_in(text: dict[str, Any]) -> pd.Index:
    """The labels that `index_out` wrote."""
    index = pd.Index(text["index"])
    index.names = text["index_names"]
    return index


def blocks_out(blocks: TaskBlocks) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and values of blocks, from which `blocks_in` makes them again."""
    text: dict[str, Any] = {
        "rows": [[rows.start, rows.stop] for rows in blocks.rows],
        "weighted": [w is not None for w in blocks.weights],
        **{
            name: getattr(blocks, name) for name in ("task_names", "feature_names", "keep_names", "shared", "intercept")
        },
    }
    given = [w for w in blocks.weights if w is not None]
    arrays: Arrays = {"keep": blocks.keep, "y": np.concatenate(blocks.y)}
    arrays["weights"] = np.concatenate(given) if given else np.empty(0)
    if blocks.responses is not None:
        numbers, said = responses_out(blocks.responses)
        arrays, text = arrays | numbers, text | said
    X: Any = blocks.X
    if sparse.issparse(X):
        parts = {"X.data": X.data, "X.indices": X.indices, "X.indptr": X.indptr, "X.shape": np.array(X.shape)}
        return arrays | parts, text
    return arrays | {"X": X}, text


def responses_out(given: Responses) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and values of what outcomes are, under names that begin with "responses."."""
    arrays: Arrays = {}
    for name in ("y", "offset", "strata"):
        for k, one in enumerate(getattr(given, name)):
            if one is not None:
                arrays[f"responses.{name}.{k}"] = one
    return arrays, {
        "responses.families": given.families,
        "responses.levels": given.levels,
        "responses.ties": given.ties,
        "responses.called": None if given.called is None else (given.called.names, given.called.labels),
    }


def held_out_out(held: HeldOut | None) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and values of held-out predictors, under names that begin with "held_out."."""
    if held is None:
        return {}, {}
    arrays: Arrays = {f"held_out.eta.{k}": eta for k, eta in enumerate(held.eta)}
    return arrays, {"held_out.scheme": held.scheme, "held_out.n_folds": held.n_folds}


def held_out_in(arrays: Arrays, text: dict[str, Any]) -> HeldOut | None:
    """What `held_out_out` took apart."""
    if "held_out.scheme" not in text:
        return None
    eta = tuple(arrays[f"held_out.eta.{k}"] for k in range(len(text["rows"])))
    return HeldOut(eta, text["held_out.scheme"], text["held_out.n_folds"])


def responses_in(arrays: Arrays, text: dict[str, Any]) -> Responses | None:
    """What `responses_out` took apart."""
    if "responses.families" not in text:
        return None
    families = tuple(text["responses.families"])
    y, offset, strata = (
        tuple(arrays.get(f"responses.{name}.{k}") for k in range(len(families))) for name in ("y", "offset", "strata")
    )
    levels = tuple(None if one is None else (one[0], one[1]) for one in text["responses.levels"])
    called = text["responses.called"]
    return Responses(
        families, tuple(one for one in y if one is not None), offset, strata, levels, text["responses.ties"],
        None if called is None else StrataLabels(*called),
    )  # fmt: skip


def blocks_in(arrays: Arrays, text: dict[str, Any]) -> TaskBlocks:
    """Rebuild the blocks that `blocks_out` took apart."""
    rows = tuple(slice(start, stop) for start, stop in text["rows"])
    lengths = [part.stop - part.start for part in rows]
    weights = iter(
        _cut(arrays["weights"], [n for n, weighted in zip(lengths, text["weighted"], strict=True) if weighted])
    )
    if "X" in arrays:
        X = np.asfortranarray(arrays["X"])
    else:
        X = sparse.csc_array(
            (arrays["X.data"], arrays["X.indices"], arrays["X.indptr"]), shape=tuple(arrays["X.shape"])
        )
    return TaskBlocks(
        X=X,
        y=tuple(_cut(arrays["y"], lengths)),
        rows=rows,
        weights=tuple(next(weights) if weighted else None for weighted in text["weighted"]),
        keep=arrays["keep"],
        responses=responses_in(arrays, text),
        origin=Origin(**take(arrays, text, "origin")) if "origin.counts" in arrays else None,
        **{name: text[name] for name in ("task_names", "feature_names", "keep_names", "shared", "intercept")},
    )


def _cut(values: Floats, lengths: list[int]) -> list[Floats]:
    return np.split(values, np.cumsum(lengths)[:-1]) if lengths else []
