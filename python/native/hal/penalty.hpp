// The penalty on a row w of W (K tasks), and what follows from it (estimators.md section 2).
//
//   Omega(w) = (1 - a) ||w||_2 + a ||w||_1,   and w_k >= 0 (sign 1) or w_k <= 0 (sign -1) where a row is held to a sign
//
// with a = 0 "l21", a = 1 "lasso", between them "sparse-group". w = 0 is optimal at lambda v where the dual norm of the
// gradient g of minus the loss is at most that: the least t with ||(|g| - a t)+||_2 <= (1 - a) t, where entries of g
// that pull against the sign count as 0.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>

namespace sparsekin::hal {

inline double pull(double g, double sign) {
  return sign == 0.0 ? std::abs(g) : std::max(sign * g, 0.0);
}

inline double penalty_norm(const double* w, std::size_t tasks, double ratio) {
  double ones = 0.0, squares = 0.0;
  for (std::size_t k = 0; k < tasks; ++k) {
    ones += std::abs(w[k]);
    squares += w[k] * w[k];
  }
  return ratio * ones + (1.0 - ratio) * std::sqrt(squares);
}

inline double dual_norm(const double* g, std::size_t tasks, double ratio, double sign) {
  double ones = 0.0, squares = 0.0, most = 0.0;
  for (std::size_t k = 0; k < tasks; ++k) {
    const double one = pull(g[k], sign);
    ones += one;
    squares += one * one;
    most = std::max(most, one);
  }
  if (ratio >= 1.0) return most;
  if (ratio <= 0.0 || squares == 0.0) return std::sqrt(squares);
  double t = squares / (ratio * ones + (1.0 - ratio) * std::sqrt(squares));  // <= the root: g's own ray
  for (int step = 0; step < 50; ++step) {  // Newton on a convex decreasing function, from the left
    double left = 0.0, slope = 0.0;
    for (std::size_t k = 0; k < tasks; ++k) {
      const double over = pull(g[k], sign) - ratio * t;
      if (over <= 0.0) continue;
      left += over * over;
      slope += over;
    }
    if (left == 0.0) break;
    const double root = std::sqrt(left), move = (root - (1.0 - ratio) * t) / (ratio * slope / root + 1.0 - ratio);
    t += move;
    if (!(move > 1e-15 * t)) break;
  }
  return t;
}

// w minimising sum_k (h_k w_k^2 / 2 - u_k w_k) + bound ||w||_2 over K tasks: w_k = u_k / (h_k + bound / rho) with
// rho = ||w||, the root of sum_k u_k^2 / (h_k rho + bound)^2 = 1; Newton on its concave reciprocal root climbs to it
// from the left. u may be w.
inline void shrink_row(const double* h, const double* u, std::size_t tasks, double bound, double* w) {
  double norm = 0.0, low = h[0], high = h[0];
  for (std::size_t k = 0; k < tasks; ++k) {
    norm += u[k] * u[k];
    low = std::min(low, h[k]);
    high = std::max(high, h[k]);
  }
  norm = std::sqrt(norm);
  if (norm <= bound || high <= 0.0) {
    std::fill(w, w + tasks, 0.0);
    return;
  }
  double rho = (norm - bound) / high;
  if (low < high)
    for (int step = 0; step < 50; ++step) {
      double value = 0.0, slope = 0.0;
      for (std::size_t k = 0; k < tasks; ++k) {
        const double d = h[k] * rho + bound, q = u[k] / d;
        value += q * q;
        slope += q * q * h[k] / d;
      }
      const double move = value * (std::sqrt(value) - 1.0) / slope;
      rho += move;
      if (!(move > 1e-15 * rho)) break;
    }
  for (std::size_t k = 0; k < tasks; ++k) w[k] = u[k] * rho / (h[k] * rho + bound);
}

// The same with bound Omega(w) and the sign: soft thresholding and the sign first, then the 2-norm, since w_k has the
// sign of u_k whatever the 2-norm does.
inline void shrink(const double* h, const double* u, std::size_t tasks, double bound, double ratio, double sign,
                   double* w) {
  for (std::size_t k = 0; k < tasks; ++k) {
    const double left = h[k] > 0.0 ? std::max(pull(u[k], sign) - ratio * bound, 0.0) : 0.0;
    w[k] = std::copysign(left, u[k]);
  }
  if (ratio < 1.0)
    shrink_row(h, w, tasks, (1.0 - ratio) * bound, w);
  else
    for (std::size_t k = 0; k < tasks; ++k) w[k] = h[k] > 0.0 ? w[k] / h[k] : 0.0;
}

}  // namespace sparsekin::hal
