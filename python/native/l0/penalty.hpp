// The Zbar penalty of a column that m of K tasks hold, (delta / 2) phi(m), phi(m) = m (K - m) / K, and its differences.
#pragma once
#include <cstddef>

namespace sparsekin {

inline double phi(double m, std::size_t K) { return m * (static_cast<double>(K) - m) / static_cast<double>(K); }
inline double penalty(double delta, double m, std::size_t K) { return 0.5 * delta * phi(m, K); }
// Differences of phi are whole multiples of 1 / K.
inline double penalty_unit(double delta, std::size_t K) { return 0.5 * delta / static_cast<double>(K); }
// Decrease in units when `joining` more tasks take the column; negative: leave it.
inline double penalty_units(double m, double joining, std::size_t K) {
  const double all = static_cast<double>(K), after = m + joining;
  return m * (all - m) - after * (all - after);
}
inline double penalty_gain(double delta, double m, double joining, std::size_t K) {
  return penalty_unit(delta, K) * penalty_units(m, joining, K);
}

}  // namespace sparsekin
