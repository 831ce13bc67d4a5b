// The HAL basis without its design matrix (estimators.md section 2).
//
//   phi(x) = prod_j 1(x_j >= t_j) (x_j - t_j)^{o_j}
//
// An axis is a column of X with its knots t_0 < t_1 < ... and, per row, the code of the largest knot <= x (-1: none).
// A section is a tuple of axes, an order for each, and the cells (c_1, ..., c_s) of its functions, t_j = t_{j, c_j}.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sparsekin::hal {

using Code = std::int32_t;
using Cell = std::int64_t;

struct Axis {
  const double* x;
  const double* t;
  const Code* code;
  std::size_t knots;
};

struct Section {
  std::vector<std::size_t> axes;
  std::vector<int> orders;
  const Cell* cells;  // row-major index in the grid of the axes' knots
  std::size_t count;
  std::size_t first;  // position of its first function in the basis
};

// Values of task k stand for the rows start[k], start[k] + 1, ...
struct Payload {
  std::vector<const double*> value;
  std::vector<std::size_t> start, length;
  std::size_t tasks() const { return value.size(); }
};

// visit(from, to) for neighbouring tasks that have their rows in common.
template <class Visit>
void each_group(const Payload& payload, Visit visit) {
  for (std::size_t from = 0, to; from < payload.tasks(); from = to) {
    for (to = from + 1; to < payload.tasks() && payload.start[to] == payload.start[from] &&
                        payload.length[to] == payload.length[from];)
      ++to;
    visit(from, to);
  }
}

inline double power(double base, int exponent) {
  double out = 1.0;
  for (int i = 0; i < exponent; ++i) out *= base;
  return out;
}

class Design {
 public:
  Design(std::size_t rows, std::vector<Axis> axes) : rows_(rows), axes_(std::move(axes)) {}

  void add(std::vector<std::size_t> axes, std::vector<int> orders, const Cell* cells, std::size_t count) {
    sections_.push_back({std::move(axes), std::move(orders), cells, count, size_});
    size_ += count;
  }

  std::size_t rows() const { return rows_; }
  std::size_t size() const { return size_; }
  const std::vector<Axis>& axes() const { return axes_; }
  const std::vector<Section>& sections() const { return sections_; }

  const Section& section_of(std::size_t function) const {
    auto after = std::upper_bound(sections_.begin(), sections_.end(), function,
                                  [](std::size_t j, const Section& one) { return j < one.first; });
    while ((after - 1)->count == 0) --after;
    return *(after - 1);
  }

  // out[0 .. hi - lo) = phi_j at rows lo .. hi.
  void column(std::size_t function, std::size_t lo, std::size_t hi, double* out) const {
    const Section& section = section_of(function);
    Cell cell = section.cells[function - section.first];
    std::fill(out, out + (hi - lo), 1.0);
    for (std::size_t a = section.axes.size(); a-- > 0;) {
      const Axis& axis = axes_[section.axes[a]];
      const auto m = static_cast<Cell>(axis.knots);
      const auto c = static_cast<Code>(cell % m);
      cell /= m;
      const double t = axis.t[c];
      const Code* code = axis.code + lo;
      const double* x = axis.x + lo;
      const int order = section.orders[a];
      if (order == 0)
        for (std::size_t i = 0; i < hi - lo; ++i) out[i] = code[i] >= c ? out[i] : 0.0;
      else  // x >= t where the code is c or more; without a branch, which would be guessed wrong half the time
        for (int o = 0; o < order; ++o)
          for (std::size_t i = 0; i < hi - lo; ++i) out[i] *= std::max(x[i] - t, 0.0);
    }
  }

 private:
  std::size_t rows_, size_ = 0;
  std::vector<Axis> axes_;
  std::vector<Section> sections_;
};

}  // namespace sparsekin::hal
