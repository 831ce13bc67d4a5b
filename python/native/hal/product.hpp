// Phi W for the few functions with coefficients.
//
// Where a section has many of them, the transpose of pricing: coefficients go into the top moment of a table at their
// cells, and axis by axis from the lowest knot up
//
//   B_b[c + 1] += sum_{a >= b} binom(a, b) (t_{c+1} - t_c)^{a-b} B_a[c],
//
// after which a row's value is sum_a B_a[its cell] prod_j (x_j - t_{j, c_j})^{a_j}, whatever the number of functions.
// Otherwise function by function, a strip of rows at a time.
#pragma once
#include "hal/tables.hpp"

namespace sparsekin::hal {

class Product {
 public:
  // coef: (functions, tasks) row-major; out: (rows, tasks) with unit stride down the rows
  Product(const Design& design, const std::vector<std::size_t>& functions, const double* coef, std::size_t tasks,
          double* out)
      : design_(design), functions_(functions), coef_(coef), tasks_(tasks), out_(out), tables_(design) {}

  void run() {
    std::fill(out_, out_ + design_.rows() * tasks_, 0.0);
    std::vector<std::size_t> order(functions_.size()), few;
    for (std::size_t j = 0; j < order.size(); ++j) order[j] = j;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return functions_[a] < functions_[b]; });
    for (std::size_t lo = 0, hi; lo < order.size(); lo = hi) {
      const Section& section = design_.section_of(functions_[order[lo]]);
      for (hi = lo; hi < order.size() && functions_[order[hi]] < section.first + section.count;) ++hi;
      const std::vector<std::size_t> own(order.begin() + lo, order.begin() + hi);
      tables_.lay_out(section);
      if (worth_a_table(own.size()))
        add_section(section, own);
      else
        few.insert(few.end(), own.begin(), own.end());
    }
    add_one_by_one(few);
  }

 private:
  // In units of a row of a function, measured for 500 to 100,000 rows and 10 to 50 knots a column.
  bool worth_a_table(std::size_t functions) const {
    const double rows = static_cast<double>(design_.rows()), moments = static_cast<double>(tables_.moments());
    const double cells = static_cast<double>(tables_.cells());
    return static_cast<double>(functions) * rows > moments * (0.6 * rows + 8.0 * cells) + rows;
  }

  void add_section(const Section& section, const std::vector<std::size_t>& chosen) {
    const std::size_t n = design_.rows(), cells = tables_.cells(), moments = tables_.moments();
    table_.assign(tasks_ * moments * cells, 0.0);
    for (std::size_t k = 0; k < tasks_; ++k) {
      double* table = table_.data() + k * moments * cells;
      double* top = table + (moments - 1) * cells;
      for (std::size_t j : chosen) top[section.cells[functions_[j] - section.first]] += coef_[j * tasks_ + k];
      tables_.each_knot(table, true, shift);
    }
    const bool turned = tables_.worth_turning(n);
    if (turned) {
      wide_.resize(table_.size());
      turn(table_.data(), tasks_ * moments, cells, wide_.data());
    }
    tables_.with_layout(turned, tasks_, [&](const auto& layout) {
      const double* table = turned ? wide_.data() : table_.data();
      tables_.each_strip(0, n, [&](const Strip& rows) {
        for (std::size_t i = 0; i < rows.hi - rows.lo; ++i) {
          if (rows.cell[i] < 0) continue;
          const double* slot = table + layout.cell(rows.cell[i]);
          for (std::size_t k = 0; k < tasks_; ++k, slot += layout.task())
            out_[k * n + rows.lo + i] += layout.gather(rows.moments(i, layout), slot);
        }
      });
    });
  }

  // One knot up for all tables of the axis.
  static void shift(double* here, std::size_t step, double gap, int degree, std::size_t apart) {
    for (int high = degree; high >= 0; --high) {
      double factor = 1.0;  // binom(high, low) gap^{high - low}
      const double* from = here + static_cast<std::size_t>(high) * apart;
      for (int low = high; low >= 0; --low) {
        double* above = here + static_cast<std::size_t>(low) * apart + step;
        for (std::size_t i = 0; i < step; ++i) above[i] += factor * from[i];
        factor *= gap * low / (high - low + 1);
      }
    }
  }

  void add_one_by_one(const std::vector<std::size_t>& chosen) {
    constexpr std::size_t strip = 512;
    const std::size_t n = design_.rows();
    std::vector<double> column(strip);
    for (std::size_t lo = 0; lo < n; lo += strip) {
      const std::size_t hi = std::min(n, lo + strip);
      for (std::size_t j : chosen) {
        design_.column(functions_[j], lo, hi, column.data());
        for (std::size_t k = 0; k < tasks_; ++k) {
          const double b = coef_[j * tasks_ + k];
          double* to = out_ + k * n + lo;
          for (std::size_t i = 0; i < hi - lo; ++i) to[i] += b * column[i];
        }
      }
    }
  }

  const Design& design_;
  const std::vector<std::size_t>& functions_;
  const double* coef_;
  std::size_t tasks_;
  double* out_;
  Tables tables_;
  std::vector<double> table_, wide_;
};

}  // namespace sparsekin::hal
