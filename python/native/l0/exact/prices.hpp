// The Zbar penalty (delta / 2) g(m), g(m) = m (K - m) / K, as prices: omega in the base polytope of (delta / 2) g,
//   sum_{k in S} omega_k <= (delta / 2) g(|S|) for every S, equality for all tasks,
// never charge a support more than the penalty does. The projection of x on it is optimal for every separable convex
// function of omega - x: sort, subtract the increments of g, pool adjacent violators.
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace sparsekin::exact {

inline double penalty(double delta, std::size_t m, std::size_t K) {
  return 0.5 * delta * static_cast<double>(m) * static_cast<double>(K - m) / static_cast<double>(K);
}

// omega[k] for gains x[k], k < K.
inline void project(const double* x, std::size_t K, double delta, double* omega) {
  std::vector<std::size_t> order(K);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return x[a] > x[b]; });
  std::vector<double> sum, count;
  for (std::size_t i = 0; i < K; ++i) {
    sum.push_back(x[order[i]] - (penalty(delta, i + 1, K) - penalty(delta, i, K)));
    count.push_back(1.0);
    while (sum.size() > 1 && sum[sum.size() - 2] / count[sum.size() - 2] < sum.back() / count.back()) {
      sum[sum.size() - 2] += sum.back();
      count[sum.size() - 2] += count.back();
      sum.pop_back();
      count.pop_back();
    }
  }
  std::size_t i = 0;
  for (std::size_t block = 0; block < sum.size(); ++block)
    for (double n = 0.0; n < count[block]; n += 1.0, ++i) omega[order[i]] = x[order[i]] - sum[block] / count[block];
}

// Shares z in [0, 1] that minimise sum_k a_k^2 / (2 z_k) + tau_k z_k + the penalty in its Lovasz form, for the tasks
// `free`, `in` others being at 1: tasks share a z until it pays to split them.
inline void share(const double* a, const double* tau, std::vector<std::size_t> free, std::size_t in, std::size_t K,
                  double delta, double* z) {
  if (free.empty()) return;
  double squares = 0.0, price = penalty(delta, in + free.size(), K) - penalty(delta, in, K);
  for (const std::size_t k : free) {
    squares += 0.5 * a[k] * a[k];
    price += tau[k];
  }
  const double alpha = squares == 0.0 ? 0.0 : price <= squares ? 1.0 : std::sqrt(squares / price);
  if (alpha > 0.0 && free.size() > 1) {
    std::vector<double> slope(K);
    for (const std::size_t k : free) slope[k] = tau[k] - 0.5 * a[k] * a[k] / (alpha * alpha);
    std::sort(free.begin(), free.end(), [&](auto x, auto y) { return slope[x] < slope[y]; });
    double running = 0.0, least = 0.0, all = 0.0;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < free.size(); ++i) {
      running += slope[free[i]];
      all = running + penalty(delta, in + i + 1, K) - penalty(delta, in, K);
      if (all < least) {
        least = all;
        cut = i + 1;
      }
    }
    const double slack = 1e-12 * (std::abs(price) + squares / (alpha * alpha));
    if (cut > 0 && cut < free.size() && least < std::min(all, 0.0) - slack) {
      share(a, tau, {free.begin(), free.begin() + static_cast<std::ptrdiff_t>(cut)}, in, K, delta, z);
      share(a, tau, {free.begin() + static_cast<std::ptrdiff_t>(cut), free.end()}, in + cut, K, delta, z);
      return;
    }
  }
  for (const std::size_t k : free) z[k] = alpha;
}

}  // namespace sparsekin::exact
