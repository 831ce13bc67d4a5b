"""What a comparison says in words, tables and as a picture; the losses are made by hand."""

import numpy as np
import pytest

from sparsekin.l0.grid import cross
from sparsekin.models.sparse.compare import Comparison
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.baselines.run import MethodRun
from sparsekin.tuning.sparse.errors import CvErrors

WAVE = np.array([1.0, -1.0, 0.0, 0.0, 0.0]) / np.sqrt(0.5 * 0.45)  # corrected standard error 1


def run(name, family, losses, seconds=1.0, size=2.0, union=3.0):
    """A method of one task and setting with these losses."""
    F = len(losses)
    sums = np.asarray(losses, float)[None, :, None]
    errors = CvErrors(
        cross([1], [0.0], [0.0], [0.0]), Folds(np.zeros(1, int), F, "within-task"), sse=sums**2, sae=sums,
        sst=np.ones((F, 1)), null_sse=np.ones((F, 1)), null_sae=np.ones((F, 1)), weight=np.ones((F, 1)),
        sizes=np.full((1, F, 1), size), jaccard=np.ones((1, F)), finished=np.ones((1, F), bool),
    )  # fmt: skip
    return MethodRun(name, family, errors, union=np.full((1, F), union), seconds=seconds)


def comparison(pool, share, apart, null=50.0, metric="rmse"):
    """Families of one method each, with these mean losses; differences have error 1 (pool and apart: 2)."""
    base = 20.0 + np.arange(5.0)
    return Comparison(
        (
            run("null", "null", base + null), run("pooled lasso", "pooling", base + pool),
            run("shared supports", "sharing", base + share + WAVE),
            run("independent L0", "separate models", base + apart + 2 * WAVE),
            MethodRun("multi-task lasso", "sharing", None, "no common X"),
        ),
        metric, "within-task", ("gaussian",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("losses", "text"),
    [
        ((0.3, 0.0, 4.0), "Pooling and sharing cannot be told apart (difference 0.3, SE 1). The verdict is pooling, "
         "the simpler. Separate models are worse (4, SE 1)."),
        ((0.7, 0.0, 4.0), "Pooling and sharing cannot be told apart (difference 0.7, SE 1). The verdict is sharing, "
         "ahead of pooling, the simpler, by more than half a standard error. Separate models are worse (4, SE 1)."),
        ((3.0, 0.0, 4.0), "Sharing is best. Pooling is worse (3, SE 1); separate models are worse (4, SE 1)."),
        ((9.0, 5.0, 0.0), "Separate models are best. Pooling is worse (9, SE 2); sharing is worse (5, SE 1)."),
        ((0.1, 0.0, 0.2), "Pooling, sharing and separate models cannot be told apart (pooling 0.1, SE 1; separate "
         "models 0.2, SE 1). The verdict is pooling, the simplest."),
        ((0.0, 3.0, 9.0), "Pooling is best. Sharing is worse (3, SE 1); separate models are worse (9, SE 2)."),
    ],
)  # fmt: skip
def test_the_verdict_in_words(losses, text):
    found = comparison(*losses)
    assert found.verdict == text
    assert " ".join(found.summary().as_text().split()).count(text) == 1


def test_a_null_model_that_is_as_good():
    found = comparison(0.0, 0.2, 0.3, null=0.0)
    assert found.verdict.endswith(
        "The null model cannot be told apart from the best method: whether features help is not shown."
    )
    assert found.methods.indistinct[0] == "null"


def test_a_family_is_its_method_that_is_best_on_the_other_folds():
    """The second pooled method is better on the last fold alone, which the other folds do not know."""
    one, two, share = [10.0, 10.0, 10.0, 13.0], [12.0, 12.0, 12.0, 10.0], [11.0] * 4
    found = Comparison(
        (
            run("pooled lasso", "pooling", one), run("pooled L0", "pooling", two),
            run("shared supports", "sharing", share),
        ),
        "rmse", "within-task", ("gaussian",),
    )  # fmt: skip
    assert found.families.differences == {"pooling": 0.0, "sharing": pytest.approx(0.25)}  # 10.75 of the first method


def test_tables():
    found = comparison(0.7, 0.0, 4.0)
    row = found.table.loc["pooled lasso"]
    assert row["difference"] == pytest.approx(0.7)
    assert row["difference_se"] == pytest.approx(1.0)
    assert (row["selected"], row["union"], row["seconds"], row["family"]) == (2.0, 3.0, 1.0, "pooling")
    tidy = found.tidy()
    assert tidy.columns.tolist() == [
        "method", "family", "estimate", "std.error", "difference", "difference.se", "nzero", "union", "seconds",
        "settings", "metric",
    ]  # fmt: skip
    assert tidy["estimate"].tolist() == found.table["mean"].tolist()
    glance = found.glance()
    assert len(glance) == 1
    assert glance.loc[0, ["best", "chosen", "indistinct", "n_methods", "n_folds"]].tolist() == [
        "shared supports", "sharing", "pooling, sharing", 4, 5,
    ]  # fmt: skip
    text = found.summary().as_text()
    assert "Best: shared supports. Within one standard error of it: pooled lasso." in text
    assert "Not available: multi-task lasso: no common X." in text


def test_larger_r2_is_better():
    """R2 of one row per fold: 1 - sse."""
    base = np.linspace(0.2, 0.6, 5)
    found = Comparison(
        (run("pooled lasso", "pooling", np.sqrt(base + 0.1)), run("shared supports", "sharing", np.sqrt(base))),
        "r2", "within-task", ("gaussian",),
    )  # fmt: skip
    assert found.methods.best == "shared supports"
    assert found.table.loc["pooled lasso", "difference"] == pytest.approx(-0.1)
    assert found.verdict.startswith("Sharing is best. Pooling is worse (0.1, SE ")


def test_the_picture():
    pytest.importorskip("matplotlib")
    found = comparison(0.7, 0.0, 4.0)
    ax = found.plot_comparison()
    assert [label.get_text() for label in ax.get_yticklabels()] == found.table.index.tolist()
    dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
    np.testing.assert_allclose([line.get_xdata()[0] for line in dots], found.table["difference"])
    assert [line.get_color() for line in dots] == ["0.65", "0.2", "#c0392b", "0.65"]
    bars = [bar.get_segments()[0][:, 0] for bar in ax.collections]
    np.testing.assert_allclose([np.ptp(bar) / 2 for bar in bars], found.table["difference_se"], atol=1e-12)
    assert ax.get_xlabel() == "RMSE: difference to the best"
    assert found.plot_comparison(ax) is ax
