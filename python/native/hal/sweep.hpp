// Phi_k' r_k for a pair of columns with so many knots that most cells of their grid are empty.
//
// Rows enter from the top knot of the first column down; a binary tree over the knots of the second holds the moments
// sum of r (x_1 - t_1)^a (x_2 - t_2)^b of the rows so far, t_1 the knot a node was last looked at from and t_2 its own
// lowest. A function is the sum of O(log m) nodes. Both knots lie below the rows, so nothing cancels.
#pragma once
#include "hal/design.hpp"

namespace sparsekin::hal {

// Whether that is quicker: measured, for 100 to 100,000 rows and 10 to 400 knots a column, a tree takes over from where
// there are .15 (steps) to .05 (squared hinges) cells per level of the tree and row or function.
inline bool sweeps(std::size_t first, std::size_t second, int order, std::size_t rows, std::size_t functions) {
  std::size_t height = 1;
  while ((std::size_t{1} << height) < second) ++height;
  const double grid = static_cast<double>(first) * static_cast<double>(second) * (order + 1);
  return order <= 2 && grid > 0.15 * static_cast<double>(height) * static_cast<double>(rows + functions);
}

inline bool swept(const Design& design, const Section& section) {
  if (section.axes.size() != 2 || section.orders[0] != section.orders[1]) return false;
  const auto& axes = design.axes();
  const std::size_t first = axes[section.axes[0]].knots, second = axes[section.axes[1]].knots;
  return first > 1 && second > 1 && sweeps(first, second, section.orders[0], design.rows(), section.count);
}

class Sweep {
 public:
  explicit Sweep(const Design& design) : design_(design) {}

  // out: (functions, tasks) row-major
  void price(const Section& section, const Payload& payload, double* out) {
    each_group(payload, [&](std::size_t from, std::size_t to) {
      if (section.orders[0] == 0)
        go_down<0>(section, payload, from, to, out);
      else if (section.orders[0] == 1)
        go_down<1>(section, payload, from, to, out);
      else
        go_down<2>(section, payload, from, to, out);
    });
  }

 private:
  template <int D>
  static constexpr std::size_t moments = (D + 1) * (D + 1);

  // The tasks from .. to, which have their rows in common.
  template <int D>
  void go_down(const Section& section, const Payload& payload, std::size_t from, std::size_t to, double* out) {
    first_ = &design_.axes()[section.axes[0]];
    second_ = &design_.axes()[section.axes[1]];
    tasks_ = to - from;
    leaves_ = 1;
    while (leaves_ < second_->knots) leaves_ *= 2;
    node_.assign(leaves_ * tasks_ * moments<D>, 0.0);
    seen_from_.assign(leaves_, none);
    sum_.resize(tasks_);
    sort_rows(payload.start[from], payload.length[from]);
    std::size_t next = 0;
    for (std::size_t j = section.count; j-- > 0;) {
      const auto m = static_cast<Cell>(second_->knots);
      const auto c1 = static_cast<Code>(section.cells[j] / m), c2 = static_cast<Code>(section.cells[j] % m);
      for (; next < order_.size() && first_->code[order_[next]] >= c1; ++next)
        enter<D>(order_[next], payload, from);
      add_up<D>(c1, c2);
      for (std::size_t k = 0; k < tasks_; ++k) out[j * payload.tasks() + from + k] = sum_[k];
    }
  }

  // Rows in a cell, the highest knots of the first column first.
  void sort_rows(std::size_t start, std::size_t length) {
    std::vector<std::size_t> place(first_->knots + 1, 0);
    const auto in = [&](std::size_t i) { return first_->code[i] >= 0 && second_->code[i] >= 0; };
    const auto rank = [&](std::size_t i) { return first_->knots - 1 - static_cast<std::size_t>(first_->code[i]); };
    for (std::size_t i = start; i < start + length; ++i)
      if (in(i)) ++place[rank(i) + 1];
    for (std::size_t c = 1; c < place.size(); ++c) place[c] += place[c - 1];
    order_.resize(place.back());
    for (std::size_t i = start; i < start + length; ++i)
      if (in(i)) order_[place[rank(i)]++] = i;
  }

  // Sums of the knots from c up read right children (odd numbers) and the root alone, so only those are kept: node i at
  // i / 2.
  template <int D>
  void enter(std::size_t row, const Payload& payload, std::size_t from) {
    const Code c1 = first_->code[row];
    double u[D + 1] = {1.0}, v[D + 1] = {1.0};
    for (int a = 1; a <= D; ++a) u[a] = u[a - 1] * (first_->x[row] - first_->t[c1]);
    std::size_t node = leaves_ + static_cast<std::size_t>(second_->code[row]);
    for (int level = 0; node > 0; node /= 2, ++level) {
      if (node % 2 == 0) continue;
      see_from<D>(node / 2, c1);
      const double above = second_->x[row] - second_->t[(node << level) - leaves_];
      for (int b = 1; b <= D; ++b) v[b] = v[b - 1] * above;
      double* to = &node_[node / 2 * tasks_ * moments<D>];
      for (std::size_t k = 0; k < tasks_; ++k) {
        const double r = payload.value[from + k][row - payload.start[from]];
        for (int a = 0; a <= D; ++a)
          for (int b = 0; b <= D; ++b) *to++ += r * u[a] * v[b];
      }
    }
  }

  // Offsets in the first column from knot c1 and no longer from one above it.
  template <int D>
  void see_from(std::size_t at, Code c1) {
    const Code before = seen_from_[at];
    seen_from_[at] = c1;
    if (D == 0 || before == none || before == c1) return;
    const double gap = first_->t[before] - first_->t[c1];
    double* moment = &node_[at * tasks_ * moments<D>];
    for (std::size_t k = 0; k < tasks_; ++k, moment += moments<D>)
      for (int high = D; high > 0; --high) {
        double factor = gap * high;  // binom(high, low) gap^{high - low}
        for (int low = high - 1; low >= 0; --low) {
          for (int b = 0; b <= D; ++b) moment[high * (D + 1) + b] += factor * moment[low * (D + 1) + b];
          factor *= gap * low / (high - low + 1);
        }
      }
  }

  // sum_ = sums over the rows so far with codes >= c1 and c2, offsets from those knots.
  template <int D>
  void add_up(Code c1, Code c2) {
    std::fill(sum_.begin(), sum_.end(), 0.0);
    std::size_t node = leaves_ + static_cast<std::size_t>(c2), end = 2 * leaves_;
    for (int level = 0; node < end; node /= 2, end /= 2, ++level) {
      if (node % 2 == 0) continue;
      const std::size_t at = node / 2;
      if (seen_from_[at] != none) {
        double u[D + 1], v[D + 1];
        raise<D>(first_->t[seen_from_[at]] - first_->t[c1], u);
        raise<D>(second_->t[(node << level) - leaves_] - second_->t[c2], v);
        const double* moment = &node_[at * tasks_ * moments<D>];
        for (std::size_t k = 0; k < tasks_; ++k)
          for (int a = 0; a <= D; ++a)
            for (int b = 0; b <= D; ++b) sum_[k] += u[a] * v[b] * *moment++;
      }
      ++node;
    }
  }

  // out[a] = binom(D, a) gap^{D - a}
  template <int D>
  static void raise(double gap, double* out) {
    out[D] = 1.0;
    for (int a = D; a > 0; --a) out[a - 1] = out[a] * gap * a / (D - a + 1);
  }

  static constexpr Code none = -1;
  const Design& design_;
  const Axis* first_ = nullptr;
  const Axis* second_ = nullptr;
  std::size_t tasks_ = 0, leaves_ = 1;
  std::vector<std::size_t> order_;
  std::vector<Code> seen_from_;
  std::vector<double> node_, sum_;
};

}  // namespace sparsekin::hal
