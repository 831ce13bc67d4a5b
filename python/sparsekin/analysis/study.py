"""A whole analysis as one object, from the data to the page."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sparsekin.analysis.code import python_code, r_code
from sparsekin.analysis.first import first_screen
from sparsekin.analysis.methods import methods_text
from sparsekin.analysis.page import page_of_study, plain, tables_only
from sparsekin.analysis.plan import Plan, plan_of
from sparsekin.analysis.run import Done, run_steps
from sparsekin.analysis.steps import SKIPPABLE, check_names, check_value, resting_on
from sparsekin.analysis.tripod import tripod_table
from sparsekin.analysis.words import title_of
from sparsekin.data.families import Families
from sparsekin.data.files import write_each, write_whole
from sparsekin.errors import MissingExtraError, OptionError
from sparsekin.options import AnyMetric, Missing, Standardize, Ties, check_option
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.page.html import page_html
from sparsekin.report.page.parts import Page, Part, Picture
from sparsekin.report.page.word import page_word

if TYPE_CHECKING:
    from sparsekin.models.sparse.compare import Comparison
    from sparsekin.models.sparse.cv import CVResults
    from sparsekin.models.sparse.model import SparseMTL
    from sparsekin.models.sparse.results import SparseResults


def study(
    formula: str, data: Any, task: str | None = None, *, keep: Sequence[str] = (), family: Families = "gaussian",
    weights: str | None = None, groups: str | None = None, exposure: str | None = None, ties: Ties = "efron",
    missing: Missing = "raise", standardize: Standardize = "within", which: Literal["best", "1se"] = "best",
    folds: int = 10, metric: AnyMetric | None = None, pairs: int = 50, fdr: float = 0.1, time_limit: float = 30.0,
    skip: Collection[str] = (), rng: int = 0, n_jobs: int | None = None, progress: bool = False,
) -> Study:  # fmt: skip
    """The whole analysis in one call: each step is a verb of `SparseMTL`, with the same numbers.

    The data are read; cross-validation says whether to pool, share or separate; other methods are tried on the same
    folds; the tuned fit is proven, selected again on half-samples, compared with other supports nearly as good, and the
    whole tuning is done anew without each study in turn.

    Parameters
    ----------
    formula, data, task, keep, family, weights, groups, exposure, ties, missing, standardize
        As for `SparseMTL.from_formula`; weights, groups and exposure by the names of their columns.
    which : {"best", "1se"}
        The setting that is refitted, as for `DialResults.refit`.
    folds : int
        Folds within the tasks.
    metric : str, optional
        Of cross-validation; by default "rmse", or "deviance" where not all outcomes are gaussian.
    pairs : int
        Pairs of half-samples.
    fdr : float
        False discovery rate of the features selected.
    time_limit : float
        Seconds for the proof, and again for other supports.
    skip : collection of str
        Names of steps that are left out, and what rests on them.
    rng : int
        Seed of every step: the same seed gives the same page, but for proofs that end at the time limit.
    n_jobs : int, optional
        Pieces of work at a time, as in joblib.
    progress : bool
        Show a bar with the name of the step (needs tqdm).

    Returns
    -------
    Study
        A step that the data do not allow is named with its reason. Ctrl-C keeps the steps that are finished.

    Raises
    ------
    FormulaError, DataError, OptionError
        As for `SparseMTL.from_formula`; `which`, `skip` or `rng` is out of range.
    MissingExtraError
        `progress` without tqdm.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import sparsekin
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame(rng.standard_normal((120, 4)), columns=["age", "bmi", "crp", "ldl"])
    >>> data["y"] = data["bmi"] + 0.3 * rng.standard_normal(120)
    >>> data["site"] = np.tile(["A", "B", "C"], 40)
    >>> left_out = ["comparison", "validation"]
    >>> made = sparsekin.study("y ~ .", data, task="site", which="1se", folds=5, pairs=10, skip=left_out)
    >>> made.fit.selected
    ['bmi']
    >>> made.steps["state"].tolist()
    ['done', 'done', 'not run', 'done', 'done', 'done', 'done', 'not run']
    """
    plan = plan_of(
        formula, task, keep, family, weights, groups, exposure, ties, missing, standardize, which, folds, metric, pairs,
        fdr, time_limit, rng, n_jobs,
    )  # fmt: skip
    skip = [skip] if isinstance(skip, str) else list(skip or ())
    check_names(skip, "skip", SKIPPABLE)
    return Study(plan, data, run_steps(plan, data, {}, skip, progress))


@dataclass(frozen=True, eq=False, repr=False)
class Study(Summarized):
    """What `study` returns: `steps`, the value of each by its name, and the ways to read them.

    Steps: `model`, `cv`, `comparison`, `fit`, `certified`, `sure`, `alternatives`, `validation`; `replace` takes values
    of your own. To read: `page`, `to_html`, `to_word`, `to_latex`, `summary`, `methods`, `tripod`, `code`, `save`.
    """

    plan: Plan
    data: Any
    done: dict[str, Done]

    def __repr__(self) -> str:
        ready = [name for name in self.done if name in self.there]
        return f"<Study {self.plan.formula!r} by {self.plan.task!r}: {', '.join(ready)}>"

    @property
    def there(self) -> frozenset[str]:
        """Names of the steps that have a value."""
        return frozenset(name for name, one in self.done.items() if one.value is not None)

    @property
    def steps(self) -> pd.DataFrame:
        """A row per step: state, why (where it is not done), seconds, warnings (how many)."""
        rows = {name: [one.state, one.why, one.seconds, len(one.warnings)] for name, one in self.done.items()}
        columns = ["state", "why", "seconds", "warnings"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("step")

    @property
    def model(self) -> SparseMTL:
        """The data, read."""
        return self._value("model")

    @property
    def cv(self) -> CVResults:
        """`SparseMTL.cross_validate`."""
        return self._value("cv")

    @property
    def comparison(self) -> Comparison:
        """`SparseMTL.compare` on the folds of `cv`."""
        return self._value("comparison")

    @property
    def fit(self) -> SparseResults:
        """`cv.refit(which)`, with predictions of held-out rows on the same folds."""
        return self._value("fit")

    @property
    def certified(self) -> SparseResults:
        """`fit.certify(time_limit)`."""
        return self._value("certified")

    @property
    def sure(self) -> SparseResults:
        """`certified.stability(pairs)`, or of `fit` where there is no proof."""
        return self._value("sure")

    @property
    def alternatives(self) -> pd.DataFrame:
        """`certified.alternatives()`, or of `fit` where there is no proof."""
        return self._value("alternatives")

    @property
    def validation(self) -> Any:
        """`model.validate(which)`: each study left out in turn."""
        return self._value("validation")

    @property
    def result(self) -> SparseResults:
        """The fit with all that is known of it: of `sure`, `certified` and `fit` the first that is there."""
        for name in ("sure", "certified"):
            if name in self.there:
                return self._value(name)
        return self.fit

    def replace(self, progress: bool = False, **values: Any) -> Study:
        """The study with values of your own for some steps; the steps that rest on them are done anew.

        Parameters
        ----------
        progress : bool
            Show a bar (needs tqdm).
        **values
            By the names of steps: ``study.replace(fit=study.model.fit(s=5, lambda_1=0.1))``.

        Raises
        ------
        OptionError
            There is no such step, or the value is of another kind or of other data.
        """
        check_names(values, "replace()")
        for name, value in values.items():
            check_value(name, value, self.done["fit"].value)
        anew = resting_on(set(values))
        known = {name: one for name, one in self.done.items() if name not in anew}
        known |= {name: Done(value, "given") for name, value in values.items()}
        left_out = [name for name in anew if self.done[name].why.startswith("left out")]
        return Study(self.plan, self.data, run_steps(self.plan, self.data, known, left_out, progress))

    @cached_property
    def lead(self) -> tuple[Part, ...]:
        """The first screen of the page."""
        return first_screen(self)

    @cached_property
    def page(self) -> Page:
        """The parts of the page, in order; its pictures are drawn when this is first asked for."""
        return page_of_study(self)

    def to_html(self) -> str:
        """The page as one HTML file that needs nothing from elsewhere."""
        return page_html(self.page)

    def to_word(self, path: str | os.PathLike[str] | None = None) -> bytes:
        """The page as a Word document: the bytes of a .docx file, also written to `path` where one is given.

        Raises
        ------
        MissingExtraError
            python-docx is not installed.
        OSError
            `path` cannot be written.
        """
        return page_word(self.page, path)

    def to_latex(self) -> str:
        """The tables and paragraphs of the page as LaTeX; its pictures are in the folder that `save` writes."""
        return Document(self.page.title, tables_only(self.page)).as_latex()

    def summary(self) -> Document:
        """The first screen of the page as text; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return Document(title_of(self), plain(self.lead))

    def methods(self) -> str:
        """A paragraph for the methods section, with the numbers of this study, and the works to cite."""
        return methods_text(self)

    def tripod(self) -> pd.DataFrame:
        """The items of TRIPOD-Cluster (Debray et al. 2023, BMJ): item, topic, answer, by.

        `by` is "study" where this study answers, "authors" where only a person can.
        """
        return tripod_table(self)

    def code(self, language: Literal["python", "r"] = "python") -> str:
        """The lines that do this study again, verb by verb.

        Raises
        ------
        OptionError
            `language` is neither.
        """
        check_option("language", language, ("python", "r"))
        states = {name: one.state for name, one in self.done.items()}
        return python_code(self.plan, states) if language == "python" else r_code(self.plan, states)

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the page, its tables and pictures, the folds, the fit and the code; each file whole or not at all.

        Parameters
        ----------
        folder : path
            Made where it is not there; files of these names are overwritten.

        Raises
        ------
        OptionError
            Nothing can be written there.
        KeyboardInterrupt
            Ctrl-C; it says how many of the files are written.

        Returns
        -------
        list of Path
            study.html; study.docx where python-docx is installed; study.tex; steps.csv, coefficients.csv, folds.csv;
            ``pictures/*.svg``; fit.npz; again.py and again.R.
        """
        at = prepare_folder(folder)
        texts = {"study.html": self.to_html(), "study.tex": self.to_latex()}
        texts |= {"again.py": self.code("python"), "again.R": self.code("r")}
        texts |= {f"pictures/{one.name}.svg": one.svg for one in _drawn(self.page)}
        tables = {"steps.csv": self.steps}
        if "cv" in self.there:
            tables["folds.csv"] = self.cv.folds.to_frame()
        if "fit" in self.there:
            tables["coefficients.csv"] = self.result.tidy().set_index(["term", "task"])
        contents: dict[str, str | bytes | Callable[[Path], object]] = {**texts}
        contents |= {name: table.to_csv() for name, table in tables.items()}
        with suppress(MissingExtraError):
            contents["study.docx"] = self.to_word()
        if "fit" in self.there:
            contents["fit.npz"] = self.result.save
        return write_each(at, contents)

    def _value(self, name: str) -> Any:
        found = self.done[name]
        if found.value is None:
            raise OptionError(f"This study has no {name}: {found.why}.")
        return found.value


def prepare_folder(folder: str | os.PathLike[str]) -> Path:
    """Make the folder of a study, and the one of its pictures.

    Raises
    ------
    OptionError
        It cannot be made.
    """
    try:
        at = Path(folder)
        (at / "pictures").mkdir(parents=True, exist_ok=True)
        write_whole(at / ".here", "")
        (at / ".here").unlink()
    except (OSError, TypeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise OptionError(
            f"The study cannot be written to {folder!r}: {why}; name a folder that can be made."
        ) from None
    return at


def _drawn(page: Page) -> list[Picture]:
    parts = [*page.lead, *(part for one in page.sections for part in one.parts)]
    return [part for part in parts if isinstance(part, Picture)]
