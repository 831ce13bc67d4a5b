// tau, the price of a place: where the places that b implies, z = ||sqrt(d) b|| / sqrt(2 (tau + omega)), add up to s.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "l0/block_state.hpp"
#include "l0/exact/iterate.hpp"

namespace sparsekin::exact {

class Places {
 public:
  void reset(std::size_t units) {
    pace_.assign(units, 0.5);
    toward_.assign(units, 0.0);
  }
  // How far tau was from where it is going, as a logarithm.
  double astray() const { return astray_; }

  // b and the prices answer to tau: steps grow while they go one way and shrink when they turn.
  // count: by the places that d b / z = u says are taken.
  void balance(Iterate& x, bool count) {
    astray_ = 0.0;
    for (std::size_t k = 0; k < x.data.units(); ++k) {
      double& tau = x.tau[k];
      const std::size_t room = gather(x, k);
      const double now = count && tau > 0.0 && room > 0 ? counted_price(x, k, room)
                                                        : price(static_cast<double>(room), tau);
      if (tau > 0.0 && now > 0.0) {
        const double toward = std::log(now / tau);
        astray_ = std::max(astray_, std::abs(toward));
        pace_[k] = toward * toward_[k] >= 0.0 ? std::min(1.2 * pace_[k], 2.0) : std::max(0.4 * pace_[k], 0.02);
        toward_[k] = toward;
        tau *= std::exp(std::clamp(pace_[k] * toward, -1.5, 1.5));
      } else {
        if (now > 0.0) astray_ = kInfinity;
        tau = std::max(now, 0.5 * tau);
      }
    }
  }

 private:
  // The free columns of a unit; what they may share of its places.
  std::size_t gather(const Iterate& x, std::size_t k) {
    std::size_t room = x.data.s[k];
    sizes_.clear();
    for (const std::size_t j : x.active[k]) {
      const auto fix = x.mark(k, j);
      if (fix == kIn && room > 0) --room;
      if (fix != kFree) continue;
      const double size = x.length(k, j);
      if (size > 0.0) sizes_.emplace_back(size, x.omega[k][j]);
    }
    return room;
  }
  // Prices that pooled tasks share need not have settled.
  static double counted_price(const Iterate& x, std::size_t k, std::size_t room) {
    double sum = 0.0;
    for (const std::size_t j : x.active[k])
      if (x.mark(k, j) == kFree && x.b[k][j] != 0.0)
        sum += std::min(1.0, x.data.d[k][j] * std::abs(x.b[k][j]) / std::abs(x.u[k][j]));
    return x.tau[k] * std::pow(sum / static_cast<double>(room), 2);
  }
  // How many are taken at tau.
  double taken(double tau) const {
    double sum = 0.0;
    for (const auto& [size, omega] : sizes_) {
      const double t = tau + omega;
      sum += t <= 0.0 ? 1.0 : std::min(1.0, size / std::sqrt(2.0 * t));
    }
    return sum;
  }
  // By bisection.
  double price(double room, double before) const {
    if (room <= 0.0) return before;
    if (taken(0.0) <= room) return 0.0;
    double total = 0.0, dearest = 0.0;
    for (const auto& [size, omega] : sizes_) {
      total += size;
      dearest = std::max(dearest, -omega);
    }
    double low = 0.0, high = 0.5 * (total / room) * (total / room) + dearest;
    for (int i = 0; i < 60 && high - low > 1e-12 * high; ++i) {
      const double middle = 0.5 * (low + high);
      (taken(middle) > room ? low : high) = middle;
    }
    return high;
  }

  std::vector<double> pace_, toward_;
  std::vector<std::pair<double, double>> sizes_;  // ||sqrt(d) b||, omega
  double astray_ = 0.0;
};

}  // namespace sparsekin::exact
