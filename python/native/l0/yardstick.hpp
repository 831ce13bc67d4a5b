// What counts as a gain in a task: more than a small share of what the task has left unexplained, and more than the
// rounding of its own numbers. Every task has its own, so an outcome in small units is searched as far as any other.
#pragma once
#include <algorithm>
#include <cstddef>

namespace sparsekin {

struct Yardstick {
  double null = 0.0;   // F of the task without any column
  double floor = 0.0;  // rounding of the task

  // explained: how far the task's part of F is below `null`.
  double tolerance(double explained) const { return std::max(1e-9 * (null - explained), floor); }
};

// Moves after which a polish stops whatever it sees: only rounding could make it go on.
inline std::size_t most_moves(std::size_t cap) { return 500 + 20 * cap; }

}  // namespace sparsekin
