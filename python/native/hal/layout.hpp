// Where in memory the moments of a cell are.
#pragma once
#include <type_traits>

#include "hal/design.hpp"

namespace sparsekin::hal {

// Tables of some tasks have the moments of a cell side by side (turned), which suits the cache while rows are many, or
// one table follows the other, by task and then moment. M is the number of moments where the compiler should know it,
// and 0 where that is 1 and all rows have 1.
template <bool turned, class M>
class Layout {
 public:
  Layout(M moments, std::size_t cells, std::size_t tasks) : moments_(moments), cells_(cells), tasks_(tasks) {}

  static constexpr bool steps = std::is_same_v<M, std::integral_constant<std::size_t, 0>>;
  std::size_t moments() const { return steps ? 1 : static_cast<std::size_t>(moments_); }
  std::size_t cell(Cell c) const { return static_cast<std::size_t>(c) * (turned ? tasks_ * moments() : 1); }
  std::size_t task() const { return moments() * (turned ? 1 : cells_); }

  void spread(double value, const double* moment, double* slot) const {
    if constexpr (steps)
      *slot += value;
    else
      for (std::size_t m = 0; m < moments_; ++m) slot[m * next()] += value * moment[m];
  }

  double gather(const double* moment, const double* slot) const {
    if constexpr (steps) return *slot;
    double sum = 0.0;
    for (std::size_t m = 0; m < moments_; ++m) sum += slot[m * next()] * moment[m];
    return sum;
  }

 private:
  std::size_t next() const { return turned ? 1 : cells_; }
  M moments_;
  std::size_t cells_, tasks_;
};

// to (b, a) = from (a, b) turned, both row-major.
inline void turn(const double* from, std::size_t a, std::size_t b, double* to) {
  for (std::size_t i = 0; i < a; ++i)
    for (std::size_t j = 0; j < b; ++j) to[j * a + i] = from[i * b + j];
}

}  // namespace sparsekin::hal
