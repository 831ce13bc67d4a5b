// Phi W for the few functions with coefficients, a strip of rows at a time.
#pragma once
#include "hal/design.hpp"

namespace sparsekin::hal {

// out: (rows, tasks) with unit stride down the rows; coef: (functions, tasks) row-major.
inline void multiply(const Design& design, const std::vector<std::size_t>& functions, const double* coef,
                     std::size_t tasks, double* out) {
  constexpr std::size_t strip = 512;
  const std::size_t n = design.rows();
  std::vector<double> column(strip);
  std::fill(out, out + n * tasks, 0.0);
  for (std::size_t lo = 0; lo < n; lo += strip) {
    const std::size_t hi = std::min(n, lo + strip);
    for (std::size_t j = 0; j < functions.size(); ++j) {
      design.column(functions[j], lo, hi, column.data());
      for (std::size_t k = 0; k < tasks; ++k) {
        const double b = coef[j * tasks + k];
        double* to = out + k * n + lo;
        for (std::size_t i = 0; i < hi - lo; ++i) to[i] += b * column[i];
      }
    }
  }
}

}  // namespace sparsekin::hal
