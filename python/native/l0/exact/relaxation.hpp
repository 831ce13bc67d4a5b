// A lower bound at every node of the tree, safe whatever the iterations did.
//   R = min_{b, 0 <= z <= 1} sum_k [const_k - c_k'b_k + 1/2 b_k'(Q_k - D_k) b_k + sum_j d_kj b_kj^2 / (2 z_kj)]
//       + sum_kj omega_kj z_kj,   sum_j z_kj <= s_k,   Q_k = G_k + lambda_1 I (+ lambda_2 (I - J / K) across tasks),
// with Q - D positive semidefinite. For any b, with u = c - (Q - D) b and h(u) = u^2 / (2 d),
//   R >= sum_k const_k - 1/2 b'(Q - D) b + sum_k [the best s_k of min(0, omega_kj - h(u_kj))];
// with the Zbar penalty itself in place of prices, the inner minimum is over sets of tasks: sort, best prefix.
// Common support: one z_j for all tasks, h sums over tasks, one s.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "l0/block_state.hpp"
#include "l0/exact/descent.hpp"
#include "l0/exact/iterate.hpp"
#include "l0/exact/places.hpp"
#include "l0/exact/selection.hpp"

namespace sparsekin::exact {

class Relaxation {
 public:
  explicit Relaxation(Data data) : x_(std::move(data)), least_share_(x_.data.least_share()) {}

  const Data& data() const { return x_.data; }
  const Iterate& at() const { return x_; }
  Rows& omega() { return x_.omega; }

  // marks: kept, not copied. Stops when the bound reaches `cutoff`, when it is within `accuracy` of the value of the
  // relaxation, or when the clock says. Below the root, what little iterations can still add is left to the children.
  double solve(const Marks& marks, double cutoff, double accuracy, int rounds, const Clock& clock, bool root,
               const Start& start) {
    const bool joint = x_.data.delta > 0.0;
    x_.reset(marks, start);
    places_.reset(x_.data.units());
    places_.balance(x_, false);
    trail_.clear();
    double best = -kInfinity;
    int stalled = 0, slow = 0;
    for (int round = 0; round < rounds; ++round) {
      descend(root, clock);
      x_.refresh_u();
      if (joint) descent_.reprice(x_);
      const double here = bound();
      slow = here - best < kSlow * (cutoff - here) ? slow + 1 : 0;
      if (here > best) {
        best = here;
        best_ = x_;
        stalled = 0;
      } else if (++stalled > (joint && root ? kJointPatience : kPatience)) {
        break;
      }
      if (best >= cutoff || (!root && slow > 1)) break;
      if (root && crawls(best, cutoff)) break;
      if (clock.late()) break;
      if (activate(clock)) continue;
      const double left = value() - best, wanted = root ? accuracy : std::max(accuracy, kWorth * (cutoff - best));
      if (left <= wanted && (!root || places_.astray() < 1e-3)) break;
    }
    std::swap(static_cast<Point&>(x_), best_);
    if (root && joint) descent_.price_in_full(x_);
    return best;
  }

  // The safe bound at the current b.
  double bound() {
    double sum = x_.data.constant;
    for (std::size_t k = 0; k < x_.K; ++k)
      for (const std::size_t j : x_.active[k]) sum -= 0.5 * x_.b[k][j] * (x_.data.c[k][j] - x_.u[k][j]);
    return selection_.inner(x_, sum) - rounding(sum);
  }

  // Mark what cannot be otherwise in anything better than `cutoff`, as far as `seconds` allow.
  void fix(double cutoff, double seconds, Marks& marks) { selection_.fix(x_, bound(), cutoff, Clock(seconds), marks); }

 private:
  static constexpr int kPatience = 8, kJointPatience = 40;
  static constexpr double kWorth = 0.1;  // of the way to the cutoff: less is left to the children
  static constexpr double kSlow = 0.02;  // two rounds that gain less of the way than this end a node
  static constexpr std::size_t kSettle = 4;  // rounds of a root before places are counted by what b implies
  static constexpr std::size_t kTrail = 8;
  static constexpr double kLittle = 0.005;  // a root whose last rounds gained less of the way to the cutoff ends
  static constexpr int kTurns = 6, kJointTurns = 2;
  static constexpr int kSweeps = 8, kJointSweeps = 3;
  static constexpr std::size_t kGrow = 40;

  // One round: b, and tau after it, until both stand still.
  void descend(bool root, const Clock& clock) {
    const bool joint = x_.data.delta > 0.0;
    const int turns = root || !joint ? kTurns : kJointTurns;
    for (int turn = 0; turn < turns; ++turn) {
      x_.begin_moves();
      const double moved =
          joint ? descent_.descend(x_, root ? kSweeps : kJointSweeps, clock) : exact::descend(x_, kSweeps, clock);
      x_.end_moves();
      places_.balance(x_, joint && trail_.size() > kSettle);
      if (moved < 1e-10 * x_.data.unit() || clock.late()) break;
    }
  }

  bool crawls(double best, double cutoff) {
    trail_.push_back(best);
    const std::size_t n = trail_.size();
    return n > kTrail && std::isfinite(cutoff) && best - trail_[n - 1 - kTrail] < kLittle * (cutoff - best);
  }

  // Columns that would gain enter; the Gram rows they will need are read together.
  bool activate(const Clock& clock) {
    const bool common = x_.data.common;
    bool grown = false;
    std::vector<std::vector<Index>> wanted(x_.K);
    for (std::size_t k = 0; k < x_.data.units(); ++k) {
      for (const std::size_t j : dearest(k)) {
        for (std::size_t t = 0; t < x_.K; ++t) {
          if (common || t == k) x_.enter(t, j);
          if (common || t == k || (x_.data.delta > 0.0 && x_.h_of(t, j) > 0.25 * x_.tau[t]))
            wanted[t].push_back(static_cast<Index>(j));
        }
        grown = true;
      }
    }
    for (std::size_t t = 0; t < x_.K && !clock.late(); ++t) x_.data.views[t]->prefetch(wanted[t]);
    return grown;
  }
  // The columns unit k should not be without, at most kGrow, best first.
  std::vector<std::size_t> dearest(std::size_t k) const {
    std::vector<std::pair<double, std::size_t>> violators;
    for (std::size_t j = 0; j < x_.p; ++j) {
      if (x_.mark(k, j) != kFree || x_.in_active[k][j]) continue;
      const double excess = x_.gain(k, j) - x_.tau[k];
      if (excess > 1e-9 * (std::abs(x_.tau[k]) + 1e-12 * x_.data.unit()) && x_.h(k, j) > 0.0) violators.emplace_back(excess, j);
    }
    const std::size_t n = std::min(kGrow, violators.size());
    std::partial_sort(violators.begin(), violators.begin() + static_cast<std::ptrdiff_t>(n), violators.end(),
                      std::greater<>());
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back(violators[i].second);
    return out;
  }

  // Value of the relaxation at b, an upper estimate of what the bound can reach.
  double value() const {
    double sum = x_.data.constant;
    for (std::size_t k = 0; k < x_.K; ++k)
      for (const std::size_t j : x_.active[k]) sum -= 0.5 * x_.b[k][j] * (x_.data.c[k][j] + x_.u[k][j]);
    for (std::size_t k = 0; k < x_.data.units(); ++k)
      for (const std::size_t j : x_.active[k]) {
        const double part = x_.z(k, j), n = x_.length(k, j);
        if (part > 0.0) sum += 0.5 * n * n / part + x_.omega[k][j] * part;
      }
    return sum;
  }

  // What rounding can have added to the bound: the sums, b'Qb where b is long, and u^2 / (2 d) where d is small.
  double rounding(double sum) const {
    const Data& data = x_.data;
    double allowance = 1e-11 * data.noise * (std::abs(sum) + std::abs(data.constant));
    if (least_share_ > 1e-4 * data.noise) return allowance;
    for (std::size_t k = 0; k < x_.K; ++k) {
      double length = 0.0, most = 0.0;
      for (const std::size_t j : x_.active[k]) length += std::sqrt(data.views[k]->diag(j)) * std::abs(x_.b[k][j]);
      const double scale =
          4.0 * std::numeric_limits<double>::epsilon() * data.noise * static_cast<double>(x_.active[k].size() + 2);
      allowance += scale * length * (0.5 * length + std::sqrt(2.0 * std::abs(data.constant)));
      std::size_t likely = 0;
      for (std::size_t j = 0; j < x_.p; ++j) {
        if (!data.usable(k, j)) continue;
        const double error = scale * (std::abs(data.c[k][j]) + std::sqrt(data.views[k]->diag(j)) * length);
        most = std::max(most, error * (std::abs(x_.u[k][j]) + error) / data.d[k][j]);
        likely += x_.h_of(k, j) > 0.5 * x_.place(k);
      }
      allowance += most * static_cast<double>(std::max(likely, data.s[data.common ? 0 : k]));
    }
    return allowance;
  }

  Iterate x_;
  Point best_;  // where the bound was best
  Places places_;
  JointDescent descent_;
  Selection selection_;
  double least_share_;
  std::vector<double> trail_;  // best bound after each round of a root
};

}  // namespace sparsekin::exact
