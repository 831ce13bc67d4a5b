"""Moments from summary statistics: `from_summary`, and the table of how they fit their LD, `check_summary`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.moments import Moments
from sparsekin.data.summary import numbers
from sparsekin.data.summary.given import Given, r_of, read_given, units_of
from sparsekin.data.summary.judge import OUTSIDE, SummaryCheck, check_joint, table_of, warn_of_flagged, warn_of_ledger
from sparsekin.data.summary.statistics import Statistics


def from_summary(
    z: Any = None,
    ld: Any = None,
    n: Any = None,
    *,
    beta: Any = None,
    se: Any = None,
    maf: Any = None,
    alleles: Any = None,
    ld_alleles: Any = None,
    shrink: Any = 0.0,
    ld_n: Any = None,
    y_sd: Any = None,
    one_sample: bool = False,
    variants: Sequence[object] | None = None,
) -> Moments:
    """Moments from statistics of simple regressions (a GWAS) and the correlations of their variants.

    With the LD of the very rows, the fit is that of the rows with standardised columns, to rounding: a t statistic
    and n give the correlation with the outcome, r = t / (n - 2 + t^2)^(1/2). So z must be the t statistic of a linear
    regression of the outcome on one variant and an intercept, which z = beta / se is. Where covariates were in it,
    the moments are those of what they leave. Of a logistic regression, or a mixed model, it is an approximation.

    Parameters
    ----------
    z : array of shape (p,) or (p, K), Series, frame (variants x tasks), or dict of task to (p_k,)
        t statistics; or give `beta` and `se` in the same forms.
    ld : (p, p) array, scipy.sparse matrix, frame, path, list of these, or dict of task to any of them
        Correlations r (not r squared) of the variants; of a list, 0 between its members. Files are .npy (a matrix), or
        .npz with arrays ``ld`` and ``ids`` (and ``effect_allele``, ``other_allele``), or of `scipy.sparse.save_npz`. LD
        with names is matched by name, without by position.
    n : number, sequence of K, or dict by task
        Rows behind the statistics.
    beta, se : as `z`, optional
        Slopes and standard errors; columns then have their own units, and coefficients those of `beta`.
    maf : as `z`, optional
        Frequency of the effect allele. Columns are dosages (0 to 2, in Hardy-Weinberg equilibrium) instead of
        standardised ones; with `beta` and `se` it gives the standard deviation of the outcome.
    alleles : frame or dict with columns effect_allele and other_allele, or dict of task to these, optional
        Of the statistics; an index names variants. Where given, `ld_alleles` must be too: signs are turned to the
        effect allele of the first task, strands recognised, and variants with other alleles, or whose strand
        cannot be told (A/T, C/G), dropped.
    ld_alleles : as `alleles`, optional
        Of the LD panel; LD files may have them.
    shrink : float from 0 to below 1, "auto", or dict by task
        (1 - shrink) LD + shrink I. "auto" is the share with the least expected squared error for LD of a sample of
        `ld_n` people (Schäfer and Strimmer 2005); it knows nothing of LD of other ancestry.
    ld_n : number or dict by task, optional
        People behind the LD, for ``shrink="auto"``.
    y_sd : number, sequence of K, or dict by task, optional
        Standard deviation of the outcome (divisor n). By default 1, so that penalties are shares of its variance;
        found from `beta`, `se` and `maf` where all are given.
    one_sample : bool
        The K outcomes were measured in the same rows, so that they share one X; else the tasks are cohorts with rows of
        their own. Fits are the same. How the outcomes are correlated beside X is not known, and not needed.
    variants : p names, optional
        Where the statistics have none.

    Returns
    -------
    Moments
        For `SparseMTL.from_moments`. The outcome, and without `maf` the columns, are measured from their means.

    Raises
    ------
    DataError
        Statistics and LD do not belong together: other variants or alleles, LD with a negative eigenvalue, or variants
        that would together explain more than all variance; or LD of a rank that n rows cannot have.
    OptionError
        An option has a value it cannot take.

    Warns
    -----
    DataWarning
        Statistics far from what those of correlated variants predict; or variants were dropped.

    See Also
    --------
    check_summary : the same check as a table of all variants, and the ledger.

    References
    ----------
    Schäfer and Strimmer (2005), A shrinkage approach to large-scale covariance matrix estimation, Statistical
    Applications in Genetics and Molecular Biology 4, 32.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import SparseMTL, moments
    >>> rng = np.random.default_rng(0)
    >>> G = rng.binomial(2, 0.3, (500, 6)).astype(float)
    >>> G[:, 1] = np.where(rng.random(500) < 0.9, G[:, 0], G[:, 1])  # in LD with the first
    >>> y = 0.5 * G[:, 0] + rng.standard_normal(500)
    >>> r = np.corrcoef(G.T, y)[:-1, -1]
    >>> z = r * np.sqrt(498 / (1 - r**2))
    >>> found = moments.from_summary(z, np.corrcoef(G.T), 500, variants=[f"rs{j}" for j in range(6)])
    >>> SparseMTL.from_moments(found).fit(s=1).selected
    ['rs0']
    """
    given = read_given(z, ld, n, beta, se, maf, alleles, ld_alleles, shrink, ld_n, y_sd, one_sample, variants)
    statistics = given.aligned.statistics
    warn_of_ledger(given.aligned)
    warn_of_flagged(table_of(given))
    for one, joint in zip(statistics, given.joint, strict=True):
        check_joint(one, joint)
    names = tuple(one.task for one in statistics)
    if one_sample and len(names) > 1:
        return _of_one_sample(given)
    found = tuple(
        numbers.summary_moments(R, r_of(one)[:, None], one.n, *units_of(one), joint.explained)
        for one, R, joint in zip(statistics, given.R, given.joint, strict=True)
    )
    task = None if len(names) == 1 else "task"
    return Moments(names, found, statistics[0].ids, (), ("y",) if task else (str(names[0]),), task)


def check_summary(
    z: Any = None,
    ld: Any = None,
    n: Any = None,
    *,
    beta: Any = None,
    se: Any = None,
    maf: Any = None,
    alleles: Any = None,
    ld_alleles: Any = None,
    shrink: Any = 0.0,
    ld_n: Any = None,
    y_sd: Any = None,
    one_sample: bool = False,
    variants: Sequence[object] | None = None,
) -> SummaryCheck:
    """How statistics fit their LD: what `from_summary` checks, for every variant, and what it drops and turns.

    Takes what `from_summary` takes. LD that `from_summary` refuses is looked at too.

    Returns
    -------
    SummaryCheck

    Raises
    ------
    DataError, OptionError
        As for `from_summary`, but for LD that does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import moments
    >>> LD = 0.9 ** np.abs(np.subtract.outer(range(8), range(8)))
    >>> z = 9 * LD[3]
    >>> z[4] *= -1  # somebody took the other allele
    >>> moments.check_summary(z, LD, 2000).flagged["variant"].tolist()
    ['x5']
    """
    given = read_given(z, ld, n, beta, se, maf, alleles, ld_alleles, shrink, ld_n, y_sd, one_sample, variants)
    table = table_of(given)
    rows = [
        {
            "task": one.task, "n": one.n, "variants": len(one.ids),
            "flagged": int(table.loc[table["task"] == one.task, "flagged"].sum()), "least_eigenvalue": joint.least,
            "explained": float(joint.explained[0, 0]) if joint.outside[0] <= OUTSIDE else np.inf,
        }
        for one, joint in zip(given.aligned.statistics, given.joint, strict=True)
    ]  # fmt: skip
    return SummaryCheck(table, given.aligned.ledger, pd.DataFrame(rows).set_index("task"))


def _of_one_sample(given: Given) -> Moments:
    statistics = given.aligned.statistics
    r = np.column_stack([r_of(one) for one in statistics])
    R, (sd, mean, first) = given.R[0], units_of(statistics[0])
    y_sd = np.concatenate([first, *(_y_sd_beside(sd, one) for one in statistics[1:])])
    part = numbers.summary_moments(R, r, statistics[0].n, sd, mean, y_sd, numbers.joint(R, r).explained)
    return Moments((None,), (part,), statistics[0].ids, (), tuple(str(one.task) for one in statistics))


def _y_sd_beside(sd: Floats, one: Statistics) -> Floats:
    """(1,) standard deviation of another outcome of the same rows, whose columns have standard deviations `sd` (p,)."""
    if one.y_sd is not None or one.beta is None or one.se is None:
        return units_of(one)[2]
    return np.array([np.median(sd / numbers.relative_sd(one.beta, one.se, one.n))])
