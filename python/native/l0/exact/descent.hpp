// Coordinate descent of the relaxation over the active columns: task by task at prices omega, or, with the Zbar
// penalty, all tasks of a column at once, whose prices follow. Moves are measured in units of the fit.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "l0/block_state.hpp"
#include "l0/exact/iterate.hpp"

namespace sparsekin::exact {

// argmin_b q b^2 / 2 - r b + min_z (d b^2 / (2 z) + t z)
inline double minimum(const Iterate& x, std::size_t k, std::size_t j) {
  const double q = x.data.q(k, j), d = x.data.d[k][j], r = x.slope(k, j) + q * x.b[k][j];
  const auto fix = x.mark(k, j);
  const double t = fix == kIn ? 0.0 : x.cost(k, j);
  if (fix == kOut) return 0.0;
  if (t <= 0.0) return r / (q + d);
  const double theta = std::sqrt(2.0 * d * t);
  if (std::abs(r) <= theta) return 0.0;
  const double small = q > 0.0 ? (std::abs(r) - theta) / q : kInfinity;
  return small * d <= theta ? std::copysign(small, r) : r / (q + d);
}

// The same with d b^2 + (what the other tasks have) under one z: one majorised step, exact where d and q are alike.
inline double group_minimum(const Iterate& x, std::size_t k, std::size_t j) {
  const double q = x.data.q(k, j), d = x.data.d[k][j], r = x.slope(k, j) + q * x.b[k][j];
  const auto fix = x.mark(0, j);
  if (fix == kOut) return 0.0;
  const double t = fix == kIn ? 0.0 : x.cost(0, j);
  if (t <= 0.0) return r / (q + d);
  double squares = 0.0;  // of sqrt(d_l) b_l as each task alone would like it, to judge the whole group
  for (std::size_t l = 0; l < x.K; ++l) {
    const double want = (x.slope(l, j) + x.data.q(l, j) * x.b[l][j]) / std::sqrt(std::max(x.data.d[l][j], 1e-300));
    squares += want * want;
  }
  const double length = std::sqrt(squares), theta = std::sqrt(2.0 * t);
  if (length <= theta) return 0.0;
  double now = x.length(0, j);
  if (now == 0.0) now = q > 0.0 ? std::min(theta, (length - theta) * d / q) : theta;
  // stationarity: q b - r + d b sqrt(2 t) / ||.|| = 0 below the kink, q b - r + d b = 0 above
  return now * now >= 2.0 * t ? r / (q + d) : r / (q + d * theta / now);
}

// Sweeps at given prices; the largest move of the last, 0 where time is up.
inline double descend(Iterate& x, int sweeps, const Clock& clock) {
  double most = 0.0;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    most = 0.0;
    for (std::size_t k = 0; k < x.K; ++k) {
      if (clock.late()) return 0.0;
      for (std::size_t i = 0; i < x.active[k].size(); ++i) {
        const std::size_t j = x.active[k][i];
        const double step = (x.data.common ? group_minimum(x, k, j) : minimum(x, k, j)) - x.b[k][j];
        if (step == 0.0) continue;
        x.move(k, j, step);
        most = std::max(most, step * step * (x.data.q(k, j) + x.data.d[k][j]));
      }
    }
    if (most < 1e-12 * x.data.unit()) break;
  }
  return most;
}

class JointDescent {
 public:
  // Sweeps over columns, prices included; the largest move of the last, 0 where time is up.
  double descend(Iterate& x, int sweeps, const Clock& clock) {
    columns_.clear();
    for (const auto& active : x.active) columns_.insert(columns_.end(), active.begin(), active.end());
    std::sort(columns_.begin(), columns_.end());
    columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
    double most = 0.0;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      most = 0.0;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i % kLook == 0 && clock.late()) return 0.0;
        most = std::max(most, settle(x, columns_[i]));
      }
      if (most < 1e-12 * x.data.unit()) break;
    }
    return most;
  }

  // The best prices for what entry would gain now; 0 where no task would enter anyway.
  void reprice(Iterate& x) {
    for (std::size_t j = 0; j < x.p; ++j) reprice(x, j);
  }
  void price_in_full(Iterate& x) {
    for (std::size_t j = 0; j < x.p; ++j) price_in_full(x, j);
  }

 private:
  // Best b and z of one column in all tasks, and its prices; the largest move.
  double settle(Iterate& x, std::size_t j) {
    column_.reset(x.tau);
    for (std::size_t k = 0; k < x.K; ++k) {
      const double q = x.data.q(k, j);
      column_.q[k] = q;
      column_.d[k] = x.data.d[k][j];
      column_.r[k] = x.slope(k, j) + q * x.b[k][j];
      const auto fix = x.mark(k, j);
      if (fix == kFree && x.data.usable(k, j)) column_.free.push_back(k);
      if (fix == kIn) column_.hold(k);
    }
    column_.share(x.penalty);
    double most = 0.0;
    for (std::size_t k = 0; k < x.K; ++k) {
      const double step = column_.b(k) - x.b[k][j];
      if (step == 0.0) continue;
      x.enter(k, j);
      x.move(k, j, step);
      most = std::max(most, step * step * (column_.q[k] + column_.d[k]));
    }
    x.write_slopes(j);
    reprice(x, j);
    return most;
  }

  void reprice(Iterate& x, std::size_t j) {
    if (!x.idle(j)) return price_in_full(x, j);
    for (std::size_t k = 0; k < x.K; ++k) x.omega[k][j] = 0.0;
  }
  void price_in_full(Iterate& x, std::size_t j) {
    constexpr double far = 1e3;
    gains_.resize(x.K), prices_.resize(x.K);
    for (std::size_t k = 0; k < x.K; ++k) {
      const auto fix = x.mark(k, j);
      const double beyond = far * (x.data.delta + x.data.unit());
      gains_[k] = fix == kFree ? x.h(k, j) - x.tau[k] : fix == kIn ? beyond : -beyond;
    }
    projection_.project(gains_, x.penalty, prices_);
    for (std::size_t k = 0; k < x.K; ++k) x.omega[k][j] = prices_[k];
  }

  static constexpr std::size_t kLook = 16;  // columns between looks at the clock
  std::vector<std::size_t> columns_;
  std::vector<double> gains_, prices_;
  Column column_;
  Projection projection_;
};

}  // namespace sparsekin::exact
