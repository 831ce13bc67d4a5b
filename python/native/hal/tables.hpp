// The grid of a section's knots: which cell each row falls in, and how far above the cell's knots it lies.
//
// A table has a number per cell and moment (a_1, ..., a_s), a_j <= o_j: that of a row in its cell is
// prod_j (x_j - t_{j, c_j})^{a_j}. Offsets are from the nearest knot below, so nothing cancels far from the origin. An
// axis of one knot needs no lower moments: all its rows are offset from the same knot.
#pragma once
#include "hal/design.hpp"

namespace sparsekin::hal {

class Tables {
 public:
  explicit Tables(const Design& design) : design_(design), cell_(design.rows()), factor_(design.rows()) {}

  // Sizes for a section: the last axis runs fastest, in cells and in moments.
  void lay_out(const Section& section) {
    section_ = &section;
    const std::size_t s = section.axes.size();
    degrees_.assign(s, 0);
    cells_ = moments_ = 1;
    cell_stride_.assign(s, 1);
    moment_stride_.assign(s, 1);
    for (std::size_t a = s; a-- > 0;) {
      const std::size_t m = axis(a).knots;
      degrees_[a] = m == 1 ? 0 : section.orders[a];
      cell_stride_[a] = cells_;
      moment_stride_[a] = moments_;
      cells_ *= m;
      moments_ *= static_cast<std::size_t>(degrees_[a]) + 1;
    }
  }

  std::size_t cells() const { return cells_; }
  std::size_t moments() const { return moments_; }

  // cell()[i]: -1 for a row below the lowest knot of an axis.
  void find_cells() {
    std::fill(cell_.begin(), cell_.end(), Cell{0});
    for (std::size_t a = 0; a < section_->axes.size(); ++a) {
      const Code* code = axis(a).code;
      const auto m = static_cast<Cell>(axis(a).knots);
      for (std::size_t i = 0; i < cell_.size(); ++i)
        cell_[i] = cell_[i] < 0 || code[i] < 0 ? -1 : cell_[i] * m + code[i];
    }
  }
  const std::vector<Cell>& cell() const { return cell_; }

  // factor()[i] = prod_j (x_j - t_j)^{a_j}; true when that is 1 throughout.
  bool weigh(std::size_t moment) {
    bool ones = true;
    for (std::size_t a = 0; a < section_->axes.size(); ++a) {
      const Axis& one = axis(a);
      const auto within = static_cast<int>(moment / moment_stride_[a] % (static_cast<std::size_t>(degrees_[a]) + 1));
      const int exponent = one.knots == 1 ? section_->orders[a] : within;
      if (exponent == 0) continue;
      if (ones) std::fill(factor_.begin(), factor_.end(), 1.0);
      ones = false;
      for (std::size_t i = 0; i < factor_.size(); ++i)
        factor_[i] *= power(one.x[i] - one.t[std::max(one.code[i], Code{0})], exponent);
    }
    return ones;
  }
  const std::vector<double>& factor() const { return factor_; }

  // For every axis and every knot but the last, visit(here, step, gap, degree, apart): the `step` cells of a knot from
  // `here` on, of which those of the next knot follow at once and those of the next moment `apart` later.
  template <class Visit>
  void each_knot(double* table, bool upwards, Visit visit) const {
    for (std::size_t a = 0; a < section_->axes.size(); ++a) {
      const Axis& one = axis(a);
      const std::size_t step = cell_stride_[a], line = step * one.knots;
      for (std::size_t moment = 0; moment < moments_; ++moment) {
        if (moment / moment_stride_[a] % (static_cast<std::size_t>(degrees_[a]) + 1) != 0) continue;
        double* base = table + moment * cells_;
        for (std::size_t outer = 0; outer < cells_; outer += line)
          for (std::size_t i = 0; i + 1 < one.knots; ++i) {
            const std::size_t c = upwards ? i : one.knots - 2 - i;
            visit(base + outer + c * step, step, one.t[c + 1] - one.t[c], degrees_[a], moment_stride_[a] * cells_);
          }
      }
    }
  }

 private:
  const Axis& axis(std::size_t a) const { return design_.axes()[section_->axes[a]]; }

  const Design& design_;
  const Section* section_ = nullptr;
  std::vector<Cell> cell_;
  std::vector<double> factor_;
  std::vector<int> degrees_;
  std::vector<std::size_t> cell_stride_, moment_stride_;
  std::size_t cells_ = 1, moments_ = 1;
};

}  // namespace sparsekin::hal
