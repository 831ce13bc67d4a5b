"""What a search has seen: refits of tasks, and fits that nothing around them improves. Starts meet the same ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from sparsekin.data.blocks import Floats
from sparsekin.l0.state import Ids

MOST = 20_000  # refits remembered per task


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The refit of a task on a support: its coefficients, or how far down its value is known to be above."""

    value: float
    b: Floats | None = None
    free: Floats | None = None


@dataclass(slots=True, eq=False)
class TaskMemory:
    """Refits of one task at one lambda_1, by support."""

    refits: dict[bytes, Seen] = field(default_factory=dict)

    def of(self, S: Ids) -> Seen | None:
        """What is known of a support."""
        return self.refits.get(S.tobytes())

    def keep(self, S: Ids, seen: Seen) -> None:
        """Remember; all is forgotten where it becomes too much."""
        if len(self.refits) >= MOST:
            self.refits.clear()
        self.refits[S.tobytes()] = seen


@dataclass(slots=True, eq=False)
class Memory:
    """Of all tasks, and the fits a descent has ended in."""

    tasks: tuple[TaskMemory, ...]
    ends: set[object] = field(default_factory=set)

    @classmethod
    def empty(cls, n_tasks: int) -> Memory:
        """Nothing seen."""
        return cls(tuple(TaskMemory() for _ in range(n_tasks)))

    def of_task(self, k: int) -> Memory:
        """The memory of task k alone."""
        return Memory((self.tasks[k],))
