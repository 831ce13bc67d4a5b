// The Zbar penalty (delta / 2) phi(m) as prices: omega in the base polytope of (delta / 2) phi,
//   sum_{k in S} omega_k <= (delta / 2) phi(|S|) for every S, equality for all tasks,
// never charge a support more than the penalty does. `penalty` holds its values for m = 0..K.
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "l0/penalty.hpp"

namespace sparsekin::exact {

inline std::vector<double> penalties(double delta, std::size_t K) {
  std::vector<double> out(K + 1);
  for (std::size_t m = 0; m <= K; ++m) out[m] = penalty(delta, static_cast<double>(m), K);
  return out;
}

// The projection of gains on the polytope is optimal for every separable convex function of omega - gains: sort,
// subtract the increments of the penalty, pool adjacent violators.
class Projection {
 public:
  void project(const std::vector<double>& gains, const std::vector<double>& penalty, std::vector<double>& omega) {
    order_.resize(gains.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return gains[a] > gains[b]; });
    blocks_.clear();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      blocks_.push_back({gains[order_[i]] - (penalty[i + 1] - penalty[i]), 1.0});
      while (blocks_.size() > 1 && blocks_[blocks_.size() - 2].mean() < blocks_.back().mean()) {
        const Block last = blocks_.back();
        blocks_.pop_back();
        blocks_.back().sum += last.sum;
        blocks_.back().count += last.count;
      }
    }
    std::size_t i = 0;
    for (const Block& block : blocks_)
      for (double n = 0.0; n < block.count; n += 1.0, ++i) omega[order_[i]] = gains[order_[i]] - block.mean();
  }

 private:
  struct Block {
    double sum, count;
    double mean() const { return sum / count; }
  };
  std::vector<std::size_t> order_;
  std::vector<Block> blocks_;
};

// One column in every task: min over b, z of sum_k q_k b_k^2 / 2 - r_k b_k + d_k b_k^2 / (2 z_k) + tau_k z_k + the
// penalty in its Lovasz form. Without b: sum_k -r_k^2 z_k / (2 (q_k z_k + d_k)), whose slope at z_k is -rise.
class Column {
 public:
  std::vector<double> r, q, d, tau, z;
  std::vector<std::size_t> free;  // tasks whose z is to be found

  void reset(const std::vector<double>& places) {
    const std::size_t K = places.size();
    tau = places;
    r.resize(K), q.resize(K), d.resize(K), slope_.resize(K);
    z.assign(K, 0.0);
    free.clear();
    in_ = 0;
  }
  // z_k = 1
  void hold(std::size_t k) {
    z[k] = 1.0;
    ++in_;
  }
  // Best z of the free tasks.
  void share(const std::vector<double>& penalty) { share(penalty.data(), free.data(), free.data() + free.size(), in_); }
  // Best b for z.
  double b(std::size_t k) const { return z[k] > 0.0 ? r[k] * z[k] / (q[k] * z[k] + d[k]) : 0.0; }

 private:
  double rise(std::size_t k, double at) const {
    const double below = q[k] * at + d[k];
    return 0.5 * r[k] * r[k] * d[k] / (below * below);
  }

  // The z that tasks [first, last) would share: where their rises meet their price.
  double common_share(const std::size_t* first, const std::size_t* last, double price) const {
    const auto excess = [&](double at) {
      double sum = -price;
      for (auto k = first; k < last; ++k) sum += rise(*k, at);
      return sum;
    };
    if (excess(0.0) <= 0.0) return 0.0;
    if (excess(1.0) >= 0.0) return 1.0;
    double at = 0.0;  // the excess is convex and falls: Newton's steps from the left never overshoot
    for (int i = 0; i < 50; ++i) {
      double slope = 0.0;
      for (auto k = first; k < last; ++k) slope += 2.0 * q[*k] * rise(*k, at) / (q[*k] * at + d[*k]);
      const double step = slope > 0.0 ? excess(at) / slope : 0.0;
      at = std::min(at + step, 1.0);
      if (!(step > 1e-13)) break;
    }
    return at;
  }

  // Tasks [first, last), which it reorders, when `in` others are at 1: they share one z until it pays to split them.
  void share(const double* penalty, std::size_t* first, std::size_t* last, std::size_t in) {
    if (first == last) return;
    const auto n = static_cast<std::size_t>(last - first);
    const double base = penalty[in];
    double price = penalty[in + n] - base, scale = std::abs(price);
    for (auto k = first; k < last; ++k) {
      price += tau[*k];
      scale += tau[*k];
    }
    const double alpha = common_share(first, last, price);
    const std::size_t cut = n > 1 ? best_cut(penalty, first, last, in, alpha, 1e-11 * scale) : 0;
    if (cut > 0) {
      share(penalty, first, first + cut, in);
      share(penalty, first + cut, last, in + cut);
      return;
    }
    for (auto k = first; k < last; ++k) z[*k] = alpha;
  }
  // How many of the tasks to raise above `alpha`, the others below it; 0 where that gains less than `least_gain`.
  std::size_t best_cut(const double* penalty, std::size_t* first, std::size_t* last, std::size_t in, double alpha,
                       double least_gain) {
    for (auto k = first; k < last; ++k) slope_[*k] = tau[*k] - rise(*k, alpha);
    std::sort(first, last, [&](auto a, auto b) { return slope_[a] < slope_[b]; });
    const auto n = static_cast<std::size_t>(last - first);
    double running = 0.0, least = 0.0, all = 0.0;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < n; ++i) {
      running += slope_[first[i]];
      all = running + penalty[in + i + 1] - penalty[in];
      if (all < least) {
        least = all;
        cut = i + 1;
      }
    }
    return cut < n && least < std::min(all, 0.0) - least_gain ? cut : 0;
  }

  std::vector<double> slope_;
  std::size_t in_ = 0;
};

}  // namespace sparsekin::exact
