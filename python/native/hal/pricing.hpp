// Phi_k' r_k for every function and task, without Phi.
//
// Rows are scattered into tables of in-cell moments M_a[c] = sum of r prod_j (x_j - t_{j, c_j})^{a_j}, a_j <= o_j. Then,
// axis by axis from the top knot down,
//
//   S_a[c] = M_a[c] + sum_{b <= a} binom(a, b) (t_{c+1} - t_c)^{a-b} S_b[c + 1],
//
// whose entry a = o is the answer at cell c. Offsets are from the nearest knot below, so nothing cancels. At order 0
// these are suffix sums. An axis of one knot needs no lower moments.
#pragma once
#include "hal/design.hpp"

namespace sparsekin::hal {

class Pricing {
 public:
  explicit Pricing(const Design& design) : design_(design), cell_(design.rows()), factor_(design.rows()) {}

  // out: (functions of these sections, tasks) row-major, one section after the other
  void run(const std::vector<std::size_t>& sections, const Payload& payload, double* out) {
    for (std::size_t s : sections) {
      const Section& section = design_.sections()[s];
      price(section, payload, out);
      out += section.count * payload.tasks();
    }
  }

 private:
  void price(const Section& section, const Payload& payload, double* out) {
    if (section.count == 0) return;
    lay_out(section);
    const std::size_t tasks = payload.tasks();
    table_.assign(tasks * moments_ * cells_, 0.0);
    find_cells(section);
    for (std::size_t moment = 0; moment < moments_; ++moment) {
      const bool ones = weigh(section, moment);
      for (std::size_t k = 0; k < tasks; ++k) scatter(payload, k, ones, &table_[(k * moments_ + moment) * cells_]);
    }
    for (std::size_t k = 0; k < tasks; ++k) {
      double* table = &table_[k * moments_ * cells_];
      for (std::size_t a = 0; a < section.axes.size(); ++a) accumulate(section, a, table);
      const double* top = table + (moments_ - 1) * cells_;
      for (std::size_t j = 0; j < section.count; ++j) out[j * tasks + k] = top[section.cells[j]];
    }
  }

  // Sizes of the tables: the last axis runs fastest, in cells and in moments.
  void lay_out(const Section& section) {
    const std::size_t s = section.axes.size();
    degrees_.assign(s, 0);
    cells_ = moments_ = 1;
    cell_stride_.assign(s, 1);
    moment_stride_.assign(s, 1);
    for (std::size_t a = s; a-- > 0;) {
      const std::size_t m = design_.axes()[section.axes[a]].knots;
      degrees_[a] = m == 1 ? 0 : section.orders[a];
      cell_stride_[a] = cells_;
      moment_stride_[a] = moments_;
      cells_ *= m;
      moments_ *= static_cast<std::size_t>(degrees_[a]) + 1;
    }
  }

  void find_cells(const Section& section) {
    std::fill(cell_.begin(), cell_.end(), Cell{0});
    for (std::size_t a = 0; a < section.axes.size(); ++a) {
      const Axis& axis = design_.axes()[section.axes[a]];
      const auto m = static_cast<Cell>(axis.knots);
      for (std::size_t i = 0; i < cell_.size(); ++i)
        cell_[i] = cell_[i] < 0 || axis.code[i] < 0 ? -1 : cell_[i] * m + axis.code[i];
    }
  }

  // factor[i] = prod_j (x_j - t_j)^{a_j}; true when that is 1 throughout.
  bool weigh(const Section& section, std::size_t moment) {
    bool ones = true;
    for (std::size_t a = 0; a < section.axes.size(); ++a) {
      const Axis& axis = design_.axes()[section.axes[a]];
      const auto within = static_cast<int>(moment / moment_stride_[a] % (static_cast<std::size_t>(degrees_[a]) + 1));
      const int exponent = axis.knots == 1 ? section.orders[a] : within;
      if (exponent == 0) continue;
      if (ones) std::fill(factor_.begin(), factor_.end(), 1.0);
      ones = false;
      for (std::size_t i = 0; i < factor_.size(); ++i)
        factor_[i] *= power(axis.x[i] - axis.t[std::max(axis.code[i], Code{0})], exponent);
    }
    return ones;
  }

  void scatter(const Payload& payload, std::size_t k, bool ones, double* table) const {
    const double* r = payload.value[k];
    const Cell* cell = &cell_[payload.start[k]];
    const double* factor = &factor_[payload.start[k]];
    for (std::size_t i = 0; i < payload.length[k]; ++i)
      if (cell[i] >= 0) table[cell[i]] += ones ? r[i] : r[i] * factor[i];
  }

  void accumulate(const Section& section, std::size_t a, double* table) const {
    const Axis& axis = design_.axes()[section.axes[a]];
    const std::size_t step = cell_stride_[a], line = step * axis.knots;
    for (std::size_t moment = 0; moment < moments_; ++moment) {
      if (moment / moment_stride_[a] % (static_cast<std::size_t>(degrees_[a]) + 1) != 0) continue;
      double* base = table + moment * cells_;
      for (std::size_t outer = 0; outer < cells_; outer += line)
        for (std::size_t c = axis.knots - 1; c-- > 0;)
          shift(base + outer + c * step, step, axis.t[c + 1] - axis.t[c], degrees_[a], moment_stride_[a] * cells_);
    }
  }

  // One knot down for all tables of the axis: those of higher degree first, since they read the lower ones above.
  static void shift(double* here, std::size_t step, double gap, int degree, std::size_t apart) {
    for (int high = degree; high >= 0; --high) {
      double factor = 1.0;  // binom(high, low) gap^{high - low}
      for (int low = high; low >= 0; --low) {
        const double* above = here + static_cast<std::size_t>(low) * apart + step;
        double* to = here + static_cast<std::size_t>(high) * apart;
        for (std::size_t i = 0; i < step; ++i) to[i] += factor * above[i];
        factor *= gap * low / (high - low + 1);
      }
    }
  }

  const Design& design_;
  std::vector<Cell> cell_;
  std::vector<double> factor_, table_;
  std::vector<int> degrees_;
  std::vector<std::size_t> cell_stride_, moment_stride_;
  std::size_t cells_ = 1, moments_ = 1;
};

}  // namespace sparsekin::hal
