"""What can be asked of what: one table over the three estimators, from which docs/contract.md is made.

``python tests/contract/table.py`` (with the package on the path) writes the page anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ESTIMATORS = ("SparseMTL", "MTHAL", "MixedForms")
AVERAGE = "average of SparseMTL"  # what `cv.refit("average")` gives: another kind of results
PAGE = Path(__file__).resolve().parents[2] / "docs" / "contract.md"


@dataclass(frozen=True)
class Verb:
    """One row: a property (`arguments` None) or a method.

    ``own`` are further arguments of one estimator; estimators in ``without`` hold an `Unavailable` in its place.
    """

    returns: str
    arguments: tuple[str, ...] | None = None
    own: dict[str, tuple[str, ...]] = field(default_factory=dict)
    without: tuple[str, ...] = ()


S, H, F = ESTIMATORS
A = AVERAGE
_SETTINGS = ("s", "lambda_1", "lambda_2", "lambda_z")
_RUN = ("folds", "groups", "n_jobs", "rng", "progress")
_SHARED = {"summary": Verb("document", ()), "tidy": Verb("frame", ()), "glance": Verb("frame", ())}
_ERRORS = "unavailable"

TABLE: dict[str, dict[str, Verb]] = {
    "model": {
        "fit": Verb("results", (), {
            S: (*_SETTINGS, "support", "task_weights", "effort", "solver", "gap", "time_limit", "method", "dial"),
            H: ("lambda_", "tolerance", "linear"),
            F: ("d", "algorithm", "ridge", "l1", "orthogonal", "weights", "starts", "max_sweeps", "tolerance"),
        }),
        "path": Verb("path", (), {
            S: (*_SETTINGS, "support", "task_weights", "effort", "bounds", "progress"),
            H: ("lambdas", "n_lambda", "tolerance", "linear"),
        }, without=(F,)),
        "cross_validate": Verb("cv", _RUN, {
            S: (*_SETTINGS, "support", "task_weights", "scheme", "metric", "ensemble", "stages", "effort"),
            H: ("lambdas", "n_lambda", "l1_ratio", "tolerance", "linear", "metric"),
            F: ("d", "target", "algorithm", "ridge", "l1", "orthogonal"),
        }),
        "select": Verb("results", (), {
            S: (*_SETTINGS, "support", "task_weights", "criterion", "gamma", "effort"),
        }, without=(H, F)),
        "compare": Verb("comparison", _RUN, {
            S: (*_SETTINGS, "scheme", "metric", "boosting", "effort"),
            H: ("n_lambda", "l1_ratio", "tolerance", "linear"),
        }, without=(F,)),
        "validate": Verb("studies", (), {
            S: ("which", *_SETTINGS, "metric", "effort", *_RUN),
        }, without=(H, F)),
        "ledger": Verb("ledger"),
        "design": Verb("design"),
        "blocks": Verb("blocks", without=(F,)),
    },
    "path": {
        "table": Verb("frame"),
        "__getitem__": Verb("results", ("i",)),
        "__len__": Verb("number", ()),
        "at": Verb("results", (), {S: _SETTINGS, H: ("lambda_",)}),
        "select": Verb("results", (), {S: ("gamma",)}, without=(H,)),
        "nobs": Verb("number"),
        **_SHARED,
        "plot_path": Verb("axes", ("ax",), {S: ("x", "at", "kind", "max_labels")}),
    },
    "cv": {
        "table": Verb("frame"),
        "per_fold": Verb("frame"),
        "best": Verb("setting"),
        "best_1se": Verb("setting"),
        "folds": Verb("series", without=(F,)),
        "refit": Verb("results", ("which",)),
        "nobs": Verb("number"),
        **_SHARED,
        "plot_cv": Verb("axes", ("ax",)),
    },
    "results": {
        "params": Verb("frame"),
        "support": Verb("frame", without=(F,)),
        "selected": Verb("list", without=(F,)),
        "homogeneity": Verb("homogeneity", without=(H, F)),
        "nobs": Verb("number"),
        "n_obs": Verb("series"),
        "ledger": Verb("ledger"),
        "design": Verb("design"),
        "objective": Verb("number", without=(A,)),
        "status": Verb("text", without=(A,)),
        "task_fit": Verb("frame", without=(F,)),
        "performance": Verb("frame", without=(F,)),
        "hold_out": Verb("results", (), {S: ("folds", "scheme", "groups", "n_jobs", "rng")}, without=(H, F, A)),
        "validate": Verb("validation", ("new", "y", "how", "task"), {
            S: ("keep", "offset", "strata"), A: ("keep", "offset", "strata"), H: ("keep", "offset", "strata"),
        }, without=(F,)),
        "fittedvalues": Verb("series or frame"),
        "resid": Verb("series or frame"),
        "predict": Verb("series or frame", ("new", "how", "task"), {
            S: ("keep", "labelled", "type", "times", "offset", "strata", "interval", "level", "folds", "rng", "retune"),
            A: ("keep", "labelled", "type", "times", "offset", "strata", "interval", "level", "folds", "rng", "retune"),
            H: ("keep", "type", "times", "offset", "strata", "interval", "level", "folds", "rng", "retune"), F: ("Z",),
        }),
        **_SHARED,
        "tidy": Verb("frame", (), {S: ("exponentiate",), A: ("exponentiate",)}),
        "augment": Verb("frame", ("data",)),
        "se_kind": Verb("text"),
        "bse": Verb("", without=(*ESTIMATORS, A)),
        "pvalues": Verb("", without=(*ESTIMATORS, A)),
        "conf_int": Verb("unavailable", (), {
            S: ("level", "method", "terms", "rng", "n_jobs"), A: ("level",), H: ("level",),
        }),
        "stability": Verb("results", (), {
            S: ("pairs", "rng", "groups", "retune", "n_jobs", "progress"),
            H: ("pairs", "rng", "groups", "retune", "n_jobs", "progress"),
        }, without=(F, A)),
        "frequency": Verb("", without=(*ESTIMATORS, A)),
        "select": Verb("unavailable", (), {S: ("fdr", "at_least", "gate")}, without=(H, F, A)),
        "heterogeneity": Verb("unavailable", (), {S: ("fdr",)}, without=(H, F, A)),
        "certify": Verb("results", (), {
            S: ("gap", "time_limit", "method", "node_limit", "memory_limit", "progress"),
        }, without=(H, F, A)),
        "alternatives": Verb("frame", (), {S: ("m", "time_limit", "within")}, without=(H, F, A)),
        "plot_calibration": Verb("panels", ("rows", "time", "ax"), without=(F,)),
        "save": Verb("nothing", ("path",)),
        "load": Verb("results", ("path",)),
    },
}  # fmt: skip

WORDS = {
    "results": "the fit", "path": "the path", "cv": "the cross-validation", "comparison": "a comparison",
    "frame": "a data frame", "series": "a Series", "series or frame": "a Series, or a frame of several outcomes",
    "document": "a text that prints, and as HTML, LaTeX, CSV", "number": "a number", "text": "text",
    "list": "names", "setting": "a dict that `fit` takes: `model.fit(**cv.best)`", "axes": "matplotlib axes",
    "studies": "tables and pictures of each study left out", "validation": "tables and pictures of these rows",
    "panels": "a list of matplotlib axes",
    "ledger": "rows given, used and dropped", "design": "how columns are made", "blocks": "numbers cut into tasks",
    "homogeneity": "how alike the supports are", "nothing": "nothing", "": "",
    "unavailable": "the answer after `stability()`, before it the reason why not",
}  # fmt: skip
_TITLES = {
    "model": "Of a model", "path": "Of a path (`model.path()`)", "cv": "Of a cross-validation "
    "(`model.cross_validate()`)", "results": "Of a fit (`model.fit()`, `path[i]`, `cv.refit()`)",
}  # fmt: skip
_TOP = """\
# What can I ask of what?

The three estimators answer to one set of names. A cell is how the name is used, or a number: the note under the table
says why that estimator has no answer. In Python what stands there prints this reason, and raises it when it is called
or computed with. (This page is made from the table that the tests check: `tests/contract/table.py`.)
"""


def columns(kind: str) -> list[str]:
    """Who has objects of a kind."""
    if kind == "results":
        return [S, A, H, F]
    return [one for one in ESTIMATORS if (one, kind) != (F, "path")]


def page(reason) -> str:
    """The page; ``reason(estimator, kind, verb)`` is the text of an `Unavailable`."""
    out = [_TOP]
    for kind, verbs in TABLE.items():
        there = columns(kind)
        out.append(f"\n## {_TITLES[kind]}\n")
        out.append(f"| | gives | {' | '.join(there)} |\n|---|---|{'---|' * len(there)}")
        notes: dict[str, int] = {}
        for name, verb in verbs.items():
            cells = []
            for one in there:
                if one in verb.without:
                    cells.append(f"[{notes.setdefault(reason(one, kind, name), len(notes) + 1)}]")
                else:
                    cells.append(_used(name, verb, one))
            out.append(f"| `{name}` | {WORDS[verb.returns]} | {' | '.join(cells)} |")
        out += ["", *(f"{number}. {text[0].upper()}{text[1:]}." for text, number in notes.items())]
    return "\n".join(out).rstrip() + "\n"


def _used(name: str, verb: Verb, estimator: str) -> str:
    if verb.arguments is None:
        return f"`.{name}`"
    if name == "__getitem__":
        return "`path[i]`"
    if name == "__len__":
        return "`len(path)`"
    own = verb.own.get(estimator, ())
    listed = ", ".join((*own, *verb.arguments) if verb.arguments == _RUN else (*verb.arguments, *own))
    return f"`.{name}({listed})`"


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from contract.made import reason_of

    PAGE.write_text(page(reason_of), encoding="utf-8")
