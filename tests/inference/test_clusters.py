"""Standard errors of rows that go together are the sandwiches of statsmodels, and cover where those of rows do not."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from inference.test_beside_family import planted
from sparsekin import SparseMTL
from sparsekin.inference.beside import slopes_beside
from sparsekin.inference.beside_family import slopes_of_family
from sparsekin.losses.cox import cox


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares(weighted):
    rng = np.random.default_rng(0)
    n, m, groups = 60, 6, np.arange(60) % 17
    X, U = rng.standard_normal((n, m)), np.column_stack([np.ones(n), rng.standard_normal(n)])
    y = X[:, 0] + rng.standard_normal(17)[groups] + rng.standard_normal(n)
    w = rng.uniform(0.2, 2, n) if weighted else None
    inside = np.array([True, False, True, False, False, False])
    found = slopes_beside(y, X, inside, U, w, groups)
    assert found.df == 16
    for j in range(m):
        Z = np.column_stack([X[:, j], X[:, inside & (np.arange(m) != j)], U])
        fit = sm.WLS(y, Z, weights=np.ones(n) if w is None else w).fit(cov_type="cluster", cov_kwds={"groups": groups})
        np.testing.assert_allclose([found.b[j], found.se[j]], [fit.params[0], fit.bse[0]], rtol=1e-8)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_maximum_likelihood(family):
    blocks, X, y = planted(family)
    here, groups = np.random.default_rng(1).random(120) < 0.7, np.arange(120) % 23
    inside = np.isin(np.arange(8), [1, 5])
    found = slopes_of_family(blocks, 1, here, X[1], inside, np.ones((120, 1)), groups)
    kinds = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}
    for j in range(8):
        Z = np.column_stack([X[1][:, j], X[1][:, inside & (np.arange(8) != j)], np.ones(120)])[here]
        made = sm.GLM(y[1][here], Z, family=kinds[family], offset=blocks.offset_of(1)[here])
        fit = made.fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups[here]})
        np.testing.assert_allclose([found.b[j], found.se[j]], [fit.params[0], fit.bse[0]], rtol=1e-6)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_scores_of_survival_times(ties):
    """Those of PHReg, whose score residuals are for one risk set per event time (Breslow)."""
    _, X, y = planted("cox", n=90)
    A, beta = X[0][:, :3], np.array([0.2, -0.1, 0.0])
    loss = cox(y[0], ties=ties)
    found = loss.scores(A @ beta, A) / loss.omega[:, None]
    np.testing.assert_allclose(found.sum(axis=0), A.T @ loss.residual(A @ beta) * 90, atol=1e-9)
    if ties == "breslow":
        fit = PHReg(y[0][:, 0], A, status=y[0][:, 1], ties="breslow").fit()
        other = cox(y[0], ties=ties)
        mine = other.scores(A @ fit.params, A) / other.omega[:, None]
        np.testing.assert_allclose(mine, fit.score_residuals, atol=1e-6)


def test_scores_with_ties_are_what_a_little_more_weight_adds():
    """Efron: the derivative of the score by the weight of a row that is no death, at fixed coefficients."""
    _, X, y = planted("cox", n=60)
    A, eta, w = X[0][:, :3], 0.2 * X[0][:, 0], np.ones(60)
    base = cox(y[0], weights=w, factor=60.0)
    found, step = base.scores(eta, A), 1e-6
    for i in np.flatnonzero(y[0][:, 1] == 0)[:5]:
        more = w + step * (np.arange(60) == i)
        moved = cox(y[0], weights=more, factor=float(more.sum()))
        derivative = (A.T @ moved.residual(eta) - A.T @ base.residual(eta)) / step
        np.testing.assert_allclose(found[i], derivative, atol=1e-5)


def test_groups_widen_the_intervals_of_columns_that_vary_between_them():
    rng = np.random.default_rng(2)
    n_groups, size, K = 60, 4, 2
    groups = np.repeat(np.arange(K * n_groups), size)
    X = rng.standard_normal((K * n_groups, 6))[groups] + 0.1 * rng.standard_normal((len(groups), 6))
    y = X[:, 1] + rng.standard_normal(K * n_groups)[groups] + 0.3 * rng.standard_normal(len(groups))
    fit = SparseMTL(y, X, np.repeat(["a", "b"], n_groups * size)).fit(s=1, lambda_1=0.01)
    plain, grouped = fit.stability(pairs=10, rng=0), fit.stability(pairs=10, rng=0, groups=groups)
    assert plain.se_kind == "halves"
    assert grouped.se_kind == "halves, by group"
    assert (grouped.bse.loc["x2"] > 1.4 * plain.bse.loc["x2"]).all()
    assert "standard errors are of groups" in " ".join(grouped.summary().as_text().split())
    rows = grouped.tidy()
    assert set(rows.loc[rows["kind"] == "candidate", "se_kind"]) == {"halves, by group"}


def test_few_groups_are_named():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    y = X[:, 1] + 0.1 * rng.standard_normal(80)
    fit = SparseMTL(y, X, np.repeat(["a", "b"], 40)).fit(s=1, lambda_1=0.01)
    assert "Task 'a' has too few groups of rows; for intervals it needs 9" in (
        fit.stability(pairs=10, rng=0, groups=np.arange(80) // 8).conf_int().reason
    )
