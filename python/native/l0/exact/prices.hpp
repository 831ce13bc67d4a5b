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

// One column in every task: min over b, z of sum_k q_k b_k^2 / 2 - r_k b_k + d_k b_k^2 / (2 z_k) + tau_k z_k + the
// penalty in its Lovasz form. Without b: sum_k -r_k^2 z_k / (2 (q_k z_k + d_k)), whose slope at z_k is -rise.
struct Column {
  std::vector<double> r, q, d, tau;
  double rise(std::size_t k, double z) const {
    const double below = q[k] * z + d[k];
    return 0.5 * r[k] * r[k] * d[k] / (below * below);
  }
};

// The z that all of `free` would share: where their rises meet their price.
inline double common_share(const Column& column, const std::vector<std::size_t>& free, double price) {
  const auto excess = [&](double z) {
    double sum = -price;
    for (const std::size_t k : free) sum += column.rise(k, z);
    return sum;
  };
  if (excess(0.0) <= 0.0) return 0.0;
  if (excess(1.0) >= 0.0) return 1.0;
  double z = 0.0;  // the excess is convex and falls: Newton's steps from the left never overshoot
  for (int i = 0; i < 50; ++i) {
    double slope = 0.0;
    for (const std::size_t k : free) slope += 2.0 * column.q[k] * column.rise(k, z) / (column.q[k] * z + column.d[k]);
    const double step = slope > 0.0 ? excess(z) / slope : 0.0;
    z = std::min(z + step, 1.0);
    if (!(step > 1e-13)) break;
  }
  return z;
}

// z of the tasks `free` when `in` others are at 1: they share one until it pays to split them.
inline void share(const Column& column, std::vector<std::size_t> free, std::size_t in, std::size_t K, double delta,
                  double* z) {
  if (free.empty()) return;
  const double base = penalty(delta, in, K);
  double price = penalty(delta, in + free.size(), K) - base, scale = std::abs(price);
  for (const std::size_t k : free) {
    price += column.tau[k];
    scale += column.tau[k];
  }
  const double alpha = common_share(column, free, price);
  if (free.size() > 1) {
    std::vector<double> slope(K);
    for (const std::size_t k : free) slope[k] = column.tau[k] - column.rise(k, alpha);
    std::sort(free.begin(), free.end(), [&](auto x, auto y) { return slope[x] < slope[y]; });
    double running = 0.0, least = 0.0, all = 0.0;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < free.size(); ++i) {
      running += slope[free[i]];
      all = running + penalty(delta, in + i + 1, K) - base;
      if (all < least) {
        least = all;
        cut = i + 1;
      }
    }
    if (cut > 0 && cut < free.size() && least < std::min(all, 0.0) - 1e-11 * scale) {
      const auto middle = free.begin() + static_cast<std::ptrdiff_t>(cut);
      share(column, {free.begin(), middle}, in, K, delta, z);
      share(column, {middle, free.end()}, in + cut, K, delta, z);
      return;
    }
  }
  for (const std::size_t k : free) z[k] = alpha;
}

}  // namespace sparsekin::exact
