"""Every verb of the table exists on every estimator with these arguments, or says why it does not."""

import inspect
from numbers import Number

import numpy as np
import pandas as pd
import pytest

from contract.made import CASES, frame, made, reason_of
from contract.table import ESTIMATORS, PAGE, TABLE, page
from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.frame import RowLedger
from sparsekin.errors import OptionError, SparsekinError
from sparsekin.models.hal.compare import HALComparison
from sparsekin.models.sparse.compare import Comparison
from sparsekin.report.document import Document
from sparsekin.results.homogeneity import Homogeneity
from sparsekin.results.unavailable import Unavailable

CELLS = [(estimator, kind, verb) for estimator, kind in CASES for verb in TABLE[kind]]
ARGUMENTS = {
    "__getitem__": (0,),
    "save": None,
    "load": None,
    "compare": None,
    "validate": None,
    "certify": None,
    "alternatives": (1, 5.0),
}
AT = {"SparseMTL": {"s": 1, "lambda_z": 1.0}}


def is_method(estimator, kind, verb):
    """Whether a cell is a method that is there."""
    return TABLE[kind][verb].arguments is not None and estimator not in TABLE[kind][verb].without


def is_kind(value, kind, estimator):
    """Whether a value is of a return kind."""
    if kind in ("results", "path", "cv"):
        return type(value) is type(made(estimator, kind))
    if kind == "design":
        return hasattr(value, "task_names")
    if kind == "setting":
        return isinstance(value, dict) and all(isinstance(one, Number) for one in value.values())
    if kind == "axes":
        return hasattr(value, "get_figure")
    if kind == "panels":
        return isinstance(value, list) and all(hasattr(one, "get_figure") for one in value)
    types = {
        "frame": pd.DataFrame, "series": pd.Series, "series or frame": (pd.Series, pd.DataFrame), "document": Document,
        "number": Number, "text": str, "list": list, "ledger": RowLedger, "blocks": TaskBlocks,
        "homogeneity": Homogeneity, "unavailable": Unavailable, "comparison": (Comparison, HALComparison),
    }  # fmt: skip
    return isinstance(value, types[kind])


@pytest.mark.parametrize(("estimator", "kind", "verb"), CELLS)
def test_a_cell_answers_or_says_why_not(estimator, kind, verb):
    row, one = TABLE[kind][verb], made(estimator, kind)
    found = getattr(one, verb)
    if estimator in row.without:
        assert isinstance(found, Unavailable)
        assert len(found.reason) > 20
        assert found.reason[-1] not in ".!"
        return
    if row.arguments is None:
        assert not callable(found)
        assert is_kind(found, row.returns, estimator)
        return
    names = list(inspect.signature(found).parameters)
    own = row.own.get(estimator, ())
    assert set(names) == {*row.arguments, *own}
    assert [name for name in names if name in row.arguments] == list(row.arguments)


@pytest.mark.parametrize(
    ("estimator", "kind", "verb"),
    [cell for cell in CELLS if cell[1] != "model" and is_method(*cell)],
)
def test_a_method_gives_what_the_table_says(estimator, kind, verb):
    one, given = made(estimator, kind), ARGUMENTS.get(verb, ())
    if given is None:
        return
    if verb == "at":
        named = AT.get(estimator) or {"lambda_": one.table["lambda"][1]}
        assert is_kind(one.at(**named), "results", estimator)
        return
    if verb.startswith("plot_"):
        pytest.importorskip("matplotlib")
    assert is_kind(getattr(one, verb)(*given), TABLE[kind][verb].returns, estimator)


def test_what_all_siblings_offer_is_in_the_table():
    """A name that every estimator has is common, so it has a row; the data behind the answers are not verbs."""
    inner = {"prepared", "problem", "solution", "index", "errors", "grid", "from_formula", "fit"}
    for kind, verbs in TABLE.items():
        held = [{name for name in dir(made(*case)) if name[0] != "_"} for case in CASES if case[1] == kind]
        assert set.intersection(*held) - inner <= set(verbs) | ({"fit"} if kind == "model" else set())


@pytest.mark.parametrize(("estimator", "kind"), CASES)
def test_an_unknown_argument_is_refused(estimator, kind):
    """No method swallows what it does not know."""
    one = made(estimator, kind)
    for name in dir(one):
        method = None if name[0] == "_" else getattr(one, name)
        if not inspect.ismethod(method):
            continue
        kinds = [p.kind for p in inspect.signature(method).parameters.values()]
        assert inspect.Parameter.VAR_KEYWORD not in kinds, name
        with pytest.raises(TypeError, match="nonsense"):
            method(nonsense=1)


def test_a_verb_that_is_not_there_raises_its_reason_when_called():
    with pytest.raises(SparsekinError, match="a MTHAL; choose lambda by cross_validate"):
        made("MTHAL", "model").select()
    with pytest.raises(SparsekinError, match="bootstrap"):
        float(made("MixedForms", "results").bse)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_choice_of_a_cross_validation_is_what_fit_takes(estimator):
    cv, model = made(estimator, "cv"), made(estimator, "model")
    for which, setting in (("best", cv.best), ("1se", cv.best_1se)):
        again, found = model.fit(**setting), cv.refit(which)
        np.testing.assert_allclose(found.predict(frame()), again.predict(frame()), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("estimator", ["SparseMTL", "MTHAL"])
def test_a_path_is_read_by_row_and_by_setting(estimator):
    path = made(estimator, "path")
    for i in range(len(path)):
        row = path.table.iloc[i]
        named = {"lambda_": row["lambda"]} if estimator == "MTHAL" else {"s": row["s"], "lambda_z": row["lambda_z"]}
        pd.testing.assert_frame_equal(path.at(**named).tidy(), path[i].tidy())
    pd.testing.assert_frame_equal(path[-1].tidy(), path[len(path) - 1].tidy())
    with pytest.raises(IndexError, match=f"numbered 0 to {len(path) - 1}; there is none numbered 99"):
        path[99]


def test_a_setting_that_is_not_on_the_path_names_those_that_are():
    path = made("SparseMTL", "path")
    with pytest.raises(OptionError, match=r"No setting of the path has s = 9; s is one of 1, 2\."):
        path.at(s=9)
    with pytest.raises(OptionError, match=r"2 settings of the path have s = 1; say lambda_z too, one of 0, 1\."):
        path.at(s=1)
    hal = made("MTHAL", "path")
    with pytest.raises(
        OptionError, match=f"none of the 5 lambdas of the path; the nearest is {hal.points[0].lambda_:g}"
    ):
        hal.at(2 * hal.points[0].lambda_)


def test_a_mixed_form_predicts_at_population_level_when_asked():
    fit, new = made("MixedForms", "results"), frame().iloc[::9]
    elsewhere = new.assign(site="a site it has not seen")
    np.testing.assert_allclose(fit.predict(new, "mean"), fit.predict(elsewhere))
    assert np.abs(fit.predict(new, "mean") - fit.predict(new)).to_numpy().max() > 1e-4
    with pytest.raises(OptionError, match="how='stack'"):
        fit.predict(new, "stack")
    with pytest.raises(OptionError, match="how='stack' needs stacking weights, which a MTHAL does not have"):
        made("MTHAL", "results").predict(new, "stack")


def test_the_mean_of_task_models_is_for_tasks_not_seen():
    """Of the tasks' own predictions, in both models of tasks."""
    new = frame().iloc[::9]
    for estimator in ("SparseMTL", "MTHAL"):
        fit = made(estimator, "results")
        each = [fit.predict(new, task=task) for task in ("north", "south")]
        np.testing.assert_allclose(fit.predict(new.assign(site="west"), how="mean"), np.mean(each, axis=0))


def test_the_page_is_in_step():
    assert PAGE.read_text(encoding="utf-8") == page(reason_of), "run: python tests/contract/table.py"


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_labels_in_the_place_of_how_are_refused(estimator):
    with pytest.raises(OptionError, match="how is an ndarray, not text; the tasks of rows are given as task="):
        made(estimator, "results").predict(frame(), frame()["site"].to_numpy(object))
