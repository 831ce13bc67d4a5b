"""What a tree needs to know of the problem it searches, whatever the losses are."""

from __future__ import annotations

from typing import Protocol, TypeVar

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.relaxation import Marks, Point, Stop, Support
from sparsekin.l0.search import Supports
from sparsekin.l0.state import Ids


class Relaxator(Protocol):
    """What bounds the nodes: `exact.relaxation` of squares, `glm.relaxation` of other losses."""

    @property
    def candidates(self) -> Ids:
        """The columns that marks are about."""

    @property
    def closable(self) -> bool:
        """Whether a node with one to three places left can be closed by listing."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Most columns of each unit."""

    @property
    def common(self) -> bool:
        """Whether one unit is all tasks."""

    @property
    def constant(self) -> float:
        """F without any column."""

    def bound(
        self, marks: Marks, cutoff: float, accuracy: float, start: Point, rounds: int, seconds: float, root: bool
    ) -> float:
        """A safe lower bound at a node."""

    def point(self) -> Point:
        """Where the last bound was computed."""

    def fix(self, cutoff: float, seconds: float) -> Marks:
        """The marks of the last bound, and what they imply."""

    def gains(self) -> Floats:
        """(units, m) what each column takes off the bound when it is in."""

    def prices(self) -> Floats:
        """(tasks, m) at which the tasks apart are worth what they are together, after a root."""

    def listed(self, nodes: int, deadline: float) -> int:
        """Places whose fillings are listed without a look at all pairs: 3, 2 or 0."""

    def close(self, marks: Marks, room: int, below: float, most: int, stop: Stop) -> list[tuple[float, Support]] | None:
        """All ways to fill 1 to 3 places, where that is `closable`."""


R_co = TypeVar("R_co", bound=Relaxator, covariant=True)


class Piece(Protocol[R_co]):
    """All tasks together, or one of them."""

    @property
    def tasks(self) -> tuple[int, ...]:
        """Which tasks."""

    @property
    def n_features(self) -> int:
        """p."""

    def relax(self, candidates: Ids, marks: Marks | None, deadline: float) -> tuple[R_co, Marks]:
        """The relaxation on some columns, and the marks with what may never be selected out."""

    def evaluate(self, supports: Supports) -> tuple[float, float]:
        """Value of supports, one per task, and its floor: no coefficients on them have a value below it."""


class Surroundings(Protocol):
    """One task, around the supports it has met."""

    def neighbours(self, support: Support, prices: Floats, keep: int) -> tuple[dict[Support, float], Floats]:
        """Some neighbours of a support, those of least value at `prices` (p,) as far as can be told, at most `keep`.

        Their values are without prices. Also (p,): per column outside, about the least value of a neighbour that has
        it, its own price left out; it need not be exact.
        """
