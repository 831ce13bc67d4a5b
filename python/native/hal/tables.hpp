// The grid of a section's knots: which cell each row falls in, and how far above the cell's knots it lies.
//
// A table has a number per cell and moment (a_1, ..., a_s), a_j <= o_j: that of a row in its cell is
// prod_j (x_j - t_{j, c_j})^{a_j}. Offsets are from the nearest knot below, so nothing cancels far from the origin. An
// axis of one knot needs no lower moments: all its rows are offset from the same knot.
#pragma once
#include <array>

#include "hal/layout.hpp"

namespace sparsekin::hal {

// What is known of the rows lo .. hi: the cell of each (-1 below the lowest knot of an axis), and all moments of a row,
// one row after the other.
struct Strip {
  static constexpr std::size_t most = 256;
  std::size_t lo, hi;
  std::array<Cell, most> cell;
  std::vector<double> moment;

  template <class L>
  const double* moments(std::size_t i, const L& layout) const {
    return moment.data() + (L::steps ? 0 : i * layout.moments());
  }
};

class Tables {
 public:
  explicit Tables(const Design& design) : design_(design) {}

  // Sizes for a section: the last axis runs fastest, in cells and in moments.
  void lay_out(const Section& section) {
    section_ = &section;
    const std::size_t s = section.axes.size();
    degrees_.assign(s, 0);
    cells_ = moments_ = 1;
    cell_stride_.assign(s, 1);
    moment_stride_.assign(s, 1);
    steps_ = true;
    for (std::size_t a = s; a-- > 0;) {
      const std::size_t m = axis(a).knots;
      degrees_[a] = m == 1 ? 0 : section.orders[a];
      cell_stride_[a] = cells_;
      moment_stride_[a] = moments_;
      cells_ *= m;
      moments_ *= static_cast<std::size_t>(degrees_[a]) + 1;
      steps_ = steps_ && section.orders[a] == 0;
    }
  }

  std::size_t cells() const { return cells_; }
  std::size_t moments() const { return moments_; }

  bool worth_turning(std::size_t rows) const { return 2 * cells_ <= rows; }

  // act(layout), its number of moments known to the compiler where it is that of hinges of up to three columns.
  template <class Act>
  void with_layout(bool turned, std::size_t tasks, Act act) const {
    const auto of = [&](auto moments) {
      using M = decltype(moments);
      return turned ? act(Layout<true, M>(moments, cells_, tasks)) : act(Layout<false, M>(moments, cells_, tasks));
    };
    switch (steps_ ? 0 : moments_) {
      case 0: return of(std::integral_constant<std::size_t, 0>{});
      case 2: return of(std::integral_constant<std::size_t, 2>{});
      case 3: return of(std::integral_constant<std::size_t, 3>{});
      case 4: return of(std::integral_constant<std::size_t, 4>{});
      case 8: return of(std::integral_constant<std::size_t, 8>{});
      case 9: return of(std::integral_constant<std::size_t, 9>{});
      case 27: return of(std::integral_constant<std::size_t, 27>{});
      default: return of(moments_);
    }
  }

  // visit(strip) for the rows lo .. hi, a few at a time.
  template <class Visit>
  void each_strip(std::size_t lo, std::size_t hi, Visit visit) {
    strip_.moment.resize(steps_ ? 0 : moments_ * Strip::most);
    for (; lo < hi; lo = strip_.hi) {
      strip_.lo = lo;
      strip_.hi = std::min(hi, lo + Strip::most);
      find_cells();
      if (!steps_) find_moments();
      visit(static_cast<const Strip&>(strip_));
    }
  }

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

  void find_cells() {
    const std::size_t n = strip_.hi - strip_.lo;
    std::fill_n(strip_.cell.begin(), n, Cell{0});
    for (std::size_t a = 0; a < section_->axes.size(); ++a) {
      const Code* code = axis(a).code + strip_.lo;
      const auto m = static_cast<Cell>(axis(a).knots);
      for (std::size_t i = 0; i < n; ++i) {
        Cell& cell = strip_.cell[i];
        cell = cell < 0 || code[i] < 0 ? -1 : cell * m + code[i];
      }
    }
  }

  // Axis by axis: the moments so far times the powers of one offset more.
  void find_moments() {
    const std::size_t n = strip_.hi - strip_.lo;
    double* moment = strip_.moment.data();
    for (std::size_t i = 0; i < n; ++i) moment[i * moments_] = 1.0;
    std::size_t found = 1;
    for (std::size_t a = 0; a < section_->axes.size(); ++a) {
      if (section_->orders[a] == 0) continue;
      const Axis& one = axis(a);
      const double* x = one.x + strip_.lo;
      const Code* code = one.code + strip_.lo;
      for (std::size_t i = 0; i < n; ++i) offset_[i] = x[i] - one.t[std::max(code[i], Code{0})];
      const auto powers = static_cast<std::size_t>(degrees_[a]) + 1;
      if (powers == 1)
        for (std::size_t i = 0; i < n; ++i) offset_[i] = power(offset_[i], section_->orders[a]);
      for (std::size_t m = found; m-- > 0;) {
        if (powers == 1) {
          for (std::size_t i = 0; i < n; ++i) moment[i * moments_ + m] *= offset_[i];
          continue;
        }
        double* to = moment + m * powers;
        for (std::size_t i = 0; i < n; ++i) to[i * moments_] = moment[i * moments_ + m];
        for (std::size_t p = 1; p < powers; ++p, ++to)
          for (std::size_t i = 0; i < n; ++i) to[i * moments_ + 1] = to[i * moments_] * offset_[i];
      }
      found *= powers;
    }
  }

  const Design& design_;
  const Section* section_ = nullptr;
  Strip strip_;
  std::array<double, Strip::most> offset_;
  std::vector<int> degrees_;
  std::vector<std::size_t> cell_stride_, moment_stride_;
  std::size_t cells_ = 1, moments_ = 1;
  bool steps_ = true;
};

}  // namespace sparsekin::hal
