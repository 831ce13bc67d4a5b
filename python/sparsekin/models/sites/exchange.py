"""What travels between a coordinator and sites: questions and answers, as objects and as files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.files import as_saved, check_head, headed, read_npz, write_npz


def _no_table() -> Floats:
    return np.zeros((0, 0))


def _no_tables() -> Floats:
    return np.zeros((0, 0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a coordinator asks of every site; the first one, without models, asks what the columns are.

    ======= =================== =========================================================================
    field   shape               meaning
    ======= =================== =========================================================================
    study   dict                formula, task, family, keep, levels, weights, offset, exposure
    tasks   K                   labels of the tasks
    center  (K, d)              what is subtracted from the d = q + p columns [keep, X]
    scale   (K, d)              what they are divided by then
    theta   (M, K, 1 + d)       coefficients of M models: constant, then columns
    columns M of (m,)           columns of which each model's weighted sums of products are asked
    ======= =================== =========================================================================
    """

    study: Mapping[str, Any]
    tasks: tuple[object, ...] = ()
    center: Floats = field(default_factory=_no_table)
    scale: Floats = field(default_factory=_no_table)
    theta: Floats = field(default_factory=_no_tables)
    columns: tuple[Ints, ...] = ()

    @property
    def name(self) -> str:
        """The same for the same question."""
        found = hashlib.sha256(json.dumps([self.study, list(self.tasks)], sort_keys=True).encode())
        for array in (self.center, self.scale, self.theta, *self.columns):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one .npz file."""
        head = headed("Question", {"study": dict(self.study), "tasks": list(self.tasks), "models": len(self.columns)})
        arrays = {"center": self.center, "scale": self.scale, "theta": self.theta}
        write_npz(path, head, arrays | {f"columns{m}": one for m, one in enumerate(self.columns)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Question:
        """Read what `save` wrote; nothing in it is run."""
        head, arrays = read_npz(path, "holds no question of a federation")
        with as_saved(path):
            check_head(path, head, "Question")
            columns = tuple(arrays[f"columns{m}"] for m in range(head["models"]))
            rest = (arrays["center"], arrays["scale"], arrays["theta"], columns)
            return cls(head["study"], tuple(head["tasks"]), *rest)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Sums over the rows of a site, for each of its tasks.

    ======== ============================ =============================================================
    field    shape                        meaning
    ======== ============================ =============================================================
    tasks    k                            labels of its tasks
    rows     (k,)                         rows that count
    weight   (k, 2)                       sums of their weights, and of these times trials
    about    dict                         to the first question: design, names, levels, largest set of
                                          columns; empty else
    first    (k, d)                       to the first question: means of the columns
    second   (k, d)                       ... and sums of squares about these
    value    (M, k)                       sums of half deviances
    gradient (M, k, 1 + d)                sums of (outcome - mean) times constant and columns
    gram     M of (k, 1 + m, 1 + m)       sums of variance times products
    ======== ============================ =============================================================
    """

    tasks: tuple[object, ...]
    rows: Ints
    weight: Floats
    about: Mapping[str, Any]
    first: Floats = field(default_factory=_no_table)
    second: Floats = field(default_factory=_no_table)
    value: Floats = field(default_factory=_no_table)
    gradient: Floats = field(default_factory=_no_tables)
    gram: tuple[Floats, ...] = ()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one .npz file."""
        head = headed("Answer", {"tasks": list(self.tasks), "about": dict(self.about), "models": len(self.gram)})
        names = ("rows", "weight", "first", "second", "value", "gradient")
        arrays = {name: getattr(self, name) for name in names}
        write_npz(path, head, arrays | {f"gram{m}": one for m, one in enumerate(self.gram)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Answer:
        """Read what `save` wrote."""
        head, arrays = read_npz(path, "holds no answer of a site")
        with as_saved(path):
            check_head(path, head, "Answer")
            gram = tuple(arrays.pop(f"gram{m}") for m in range(head["models"]))
            return cls(tasks=tuple(head["tasks"]), about=head["about"], gram=gram, **arrays)
