// A lower bound at every node of the tree, safe whatever the iterations did.
//   R = min_{b, 0 <= z <= 1} sum_k [const_k - c_k'b_k + 1/2 b_k'(Q_k - D_k) b_k + sum_j d_kj b_kj^2 / (2 z_kj)]
//       + sum_kj omega_kj z_kj,   sum_j z_kj <= s_k,   Q_k = G_k + lambda_1 I (+ lambda_2 (I - J / K) across tasks),
// with Q - D positive semidefinite. For any b, with u = c - (Q - D) b and h(u) = u^2 / (2 d),
//   R >= sum_k const_k - 1/2 b'(Q - D) b + sum_k [the best s_k of min(0, omega_kj - h(u_kj))];
// with the Zbar penalty itself in place of prices, the inner minimum is over sets of tasks: sort, best prefix.
// Common support: one z_j for all tasks, h sums over tasks, one s.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "l0/block_state.hpp"
#include "l0/exact/prices.hpp"

namespace sparsekin::exact {

enum Fixed : signed char { kFree = -1, kOut = 0, kIn = 1 };

struct Data {
  std::vector<std::shared_ptr<View>> views;
  std::vector<std::vector<double>> c, d;  // per task, over the candidates
  std::vector<std::size_t> s;             // per task; one where common
  double lambda_1 = 0.0, lambda_2 = 0.0, delta = 0.0, constant = 0.0;
  bool common = false;

  std::size_t tasks() const { return views.size(); }
  std::size_t columns() const { return views[0]->size(); }
  double link() const { return lambda_2 / static_cast<double>(tasks()); }
  // diagonal of Q - D
  double q(std::size_t k, std::size_t j) const {
    return std::max(views[k]->diag(j) + lambda_1 + lambda_2 - link() - d[k][j], 0.0);
  }
  bool usable(std::size_t k, std::size_t j) const { return views[k]->usable(j); }
};

class Relaxation {
 public:
  explicit Relaxation(Data data)
      : D_(std::move(data)), K_(D_.tasks()), p_(D_.columns()), omega_(K_, std::vector<double>(p_)),
        b_(K_, std::vector<double>(p_)), u_(K_, std::vector<double>(p_)), tau_(D_.common ? 1 : K_),
        active_(K_), in_active_(K_, std::vector<char>(p_)) {
    for (std::size_t k = 0; k < K_; ++k)
      for (std::size_t j = 0; j < p_; ++j)
        if (D_.usable(k, j)) least_d_ = std::min(least_d_, D_.d[k][j] / D_.views[k]->diag(j));
  }

  const Data& data() const { return D_; }
  std::vector<std::vector<double>>& omega() { return omega_; }
  const std::vector<double>& u(std::size_t k) const { return u_[k]; }
  const std::vector<double>& b(std::size_t k) const { return b_[k]; }
  double tau(std::size_t k) const { return tau_[D_.common ? 0 : k]; }

  // fixed: one row per task (one row where common). Starts from `start` (task, column, value).
  // Stops when the bound reaches `cutoff`, when it is within `accuracy` of the value of the relaxation, or after
  // `seconds`. Below the root, what little iterations can still add is left to the children.
  double solve(const std::vector<std::vector<signed char>>& fixed, double cutoff, double accuracy, int rounds,
               double seconds, bool root,
               const std::vector<std::tuple<std::size_t, std::size_t, double>>& start) {
    const auto began = std::chrono::steady_clock::now();
    fixed_ = &fixed;
    slow_ = 0;
    root_ = root;
    trail_.clear();
    reset(start);
    double best = -kInfinity;
    for (int round = 0; round < rounds; ++round) {
      for (int turn = 0; turn < (root || D_.delta == 0.0 ? kTurns : kJointTurns); ++turn) {
        const double moved = D_.delta > 0.0 ? descend_joint() : descend();
        balance();
        if (moved < 1e-10) break;
      }
      refresh_u();
      if (D_.delta > 0.0) reprice();
      const double here = bound();
      slow_ = here - best < kSlow * (cutoff - here) ? slow_ + 1 : 0;
      if (here > best) {
        best = here;
        best_ = {omega_, b_, u_, tau_};
        stalled_ = 0;
      } else if (++stalled_ > (D_.delta > 0.0 && root ? kJointPatience : kPatience)) {
        break;
      }
      if (best >= cutoff || (!root && slow_ > 1)) break;
      if (root) {
        trail_.push_back(best);
        const std::size_t n = trail_.size();
        if (n > kTrail && std::isfinite(cutoff) && best - trail_[n - 1 - kTrail] < kLittle * (cutoff - best)) break;
      }
      if (std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() > seconds) break;
      const bool grown = activate();
      if (grown) continue;
      const double left = value() - best, wanted = root ? accuracy : std::max(accuracy, kWorth * (cutoff - best));
      if (left <= wanted && (!root || astray_ < 1e-3)) break;
    }
    restore();
    if (root && D_.delta > 0.0)
      for (std::size_t j = 0; j < p_; ++j) price_in_full(j);
    return best;
  }

  // The safe bound at the current b; also sets what `gains` and `change` read.
  double bound() const {
    double sum = D_.constant;
    for (std::size_t k = 0; k < K_; ++k)
      for (const std::size_t j : active_[k]) sum -= 0.5 * b_[k][j] * (D_.c[k][j] - u_[k][j]);
    return (D_.delta > 0.0 ? sum + inner_joint() : sum + inner_apart()) - rounding(sum);
  }

  // z of unit (k, j) implied by b and tau; k = 0 where common.
  double z(std::size_t k, std::size_t j) const {
    const auto mark = fixed()[k][j];
    if (mark != kFree) return mark == kIn ? 1.0 : 0.0;
    const double t = cost(k, j), size = D_.common ? norm(j) : std::sqrt(D_.d[k][j]) * std::abs(b_[k][j]);
    if (size == 0.0) return 0.0;
    return t <= 0.0 ? 1.0 : std::min(1.0, size / std::sqrt(2.0 * t));
  }
  // Fix what cannot be otherwise in anything better than `cutoff`.
  std::size_t fix(double cutoff, std::vector<std::vector<signed char>>& marks) const {
    const double bound = this->bound();
    return D_.delta > 0.0 ? fix_joint(bound, cutoff, marks) : fix_apart(bound, cutoff, marks);
  }

  // What unit (k, j) takes off the bound when it is in: h - omega.
  double gain(std::size_t k, std::size_t j) const { return h(k, j) - omega_[k][j]; }

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

  const std::vector<std::vector<signed char>>& fixed() const { return *fixed_; }
  std::size_t units() const { return D_.common ? 1 : K_; }
  signed char mark(std::size_t k, std::size_t j) const { return fixed()[D_.common ? 0 : k][j]; }
  double cost(std::size_t k, std::size_t j) const { return tau_[k] + omega_[k][j]; }
  // What rounding can have added to the bound: the sums, and u^2 / (2 d) where d is small.
  double rounding(double sum) const {
    double allowance = 1e-11 * (std::abs(sum) + std::abs(D_.constant));
    if (least_d_ > 1e-4) return allowance;
    for (std::size_t k = 0; k < K_; ++k) {
      double length = 0.0, most = 0.0;
      for (const std::size_t j : active_[k]) length += std::sqrt(D_.views[k]->diag(j)) * std::abs(b_[k][j]);
      const double scale = 4.0 * std::numeric_limits<double>::epsilon() * static_cast<double>(active_[k].size() + 2);
      std::size_t likely = 0;
      for (std::size_t j = 0; j < p_; ++j) {
        if (!D_.usable(k, j)) continue;
        const double error = scale * (std::abs(D_.c[k][j]) + std::sqrt(D_.views[k]->diag(j)) * length);
        most = std::max(most, error * (std::abs(u_[k][j]) + error) / D_.d[k][j]);
        likely += h_of(k, j) > 0.5 * tau(k);
      }
      allowance += most * static_cast<double>(std::max(likely, D_.s[D_.common ? 0 : k]));
    }
    return allowance;
  }

  double h_of(std::size_t k, std::size_t j) const {
    if (!D_.usable(k, j)) return 0.0;
    return 0.5 * u_[k][j] * u_[k][j] / D_.d[k][j];
  }
  double h(std::size_t k, std::size_t j) const {
    if (!D_.common) return h_of(k, j);
    double sum = 0.0;
    for (std::size_t t = 0; t < K_; ++t) sum += h_of(t, j);
    return sum;
  }
  double norm(std::size_t j) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < K_; ++k) sum += D_.d[k][j] * b_[k][j] * b_[k][j];
    return std::sqrt(sum);
  }

  void reset(const std::vector<std::tuple<std::size_t, std::size_t, double>>& start) {
    for (std::size_t k = 0; k < K_; ++k) {
      for (const std::size_t j : active_[k]) {
        b_[k][j] = 0.0;
        in_active_[k][j] = 0;
      }
      active_[k].clear();
    }
    for (const auto& [k, j, value] : start)
      if (mark(k, j) != kOut && D_.usable(k, j)) {
        enter(k, j);
        b_[k][j] = value;
      }
    for (std::size_t k = 0; k < K_; ++k)
      for (std::size_t j = 0; j < p_; ++j)
        if (mark(k, j) == kIn && D_.usable(k, j)) enter(k, j);
    refresh_u();
    pace_.assign(units(), 0.5);
    toward_.assign(units(), 0.0);
    balance();
    stalled_ = 0;
  }
  // Back to where the bound was best.
  void restore() {
    omega_ = std::move(best_.omega);
    b_ = std::move(best_.b);
    u_ = std::move(best_.u);
    tau_ = std::move(best_.tau);
  }
  void enter(std::size_t k, std::size_t j) {
    if (in_active_[k][j]) return;
    in_active_[k][j] = 1;
    active_[k].push_back(j);
  }

  // (Q - D) b over all columns.
  void refresh_u() {
    for (std::size_t k = 0; k < K_; ++k) {
      u_[k] = D_.c[k];
      std::vector<Index> wanted;
      for (const std::size_t j : active_[k])
        if (b_[k][j] != 0.0) wanted.push_back(static_cast<Index>(j));
      D_.views[k]->prefetch(wanted);
      for (const Index j : wanted) {
        leaf::axpy(-b_[k][j], D_.views[k]->row(j)->data(), u_[k].data(), p_);
        u_[k][j] += (D_.views[k]->diag(j) - D_.q(k, j)) * b_[k][j];
      }
    }
    if (D_.lambda_2 > 0.0 && K_ > 1)
      for (std::size_t k = 0; k < K_; ++k)
        for (const std::size_t j : active_[k])
          for (std::size_t other = 0; other < K_; ++other)
            if (other != k) u_[other][j] += D_.link() * b_[k][j];
  }

  // Coordinate sweeps over the active columns; the largest move in units of the fit.
  double descend() {
    double most = 0.0;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      most = 0.0;
      for (std::size_t k = 0; k < K_; ++k)
        for (std::size_t i = 0; i < active_[k].size(); ++i) {
          const std::size_t j = active_[k][i];
          const double step = (D_.common ? group_minimum(k, j) : minimum(k, j)) - b_[k][j];
          if (step == 0.0) continue;
          move(k, j, step);
          most = std::max(most, step * step * (D_.q(k, j) + D_.d[k][j]));
        }
      if (most < 1e-12) break;
    }
    return most;
  }
  void move(std::size_t k, std::size_t j, double step) {
    b_[k][j] += step;
    const auto row = D_.views[k]->row(static_cast<Index>(j));
    for (const std::size_t i : active_[k])
      if (i != j) u_[k][i] -= step * (*row)[i];
    u_[k][j] -= step * D_.q(k, j);
    if (D_.lambda_2 > 0.0)
      for (std::size_t other = 0; other < K_; ++other)
        if (other != k) u_[other][j] += D_.link() * step;
  }
  // argmin_b q b^2 / 2 - r b + min_z (d b^2 / (2 z) + t z)
  double minimum(std::size_t k, std::size_t j) const {
    const double q = D_.q(k, j), d = D_.d[k][j], r = u_[k][j] + q * b_[k][j];
    const auto fix = mark(k, j);
    const double t = fix == kIn ? 0.0 : cost(k, j);
    if (fix == kOut) return 0.0;
    if (t <= 0.0) return r / (q + d);
    const double theta = std::sqrt(2.0 * d * t);
    if (std::abs(r) <= theta) return 0.0;
    const double small = q > 0.0 ? (std::abs(r) - theta) / q : kInfinity;
    return small * d <= theta ? std::copysign(small, r) : r / (q + d);
  }
  // The same with d b^2 + (what the other tasks have) under one z: one majorised step, exact where d and q are alike.
  double group_minimum(std::size_t k, std::size_t j) const {
    const double q = D_.q(k, j), d = D_.d[k][j], r = u_[k][j] + q * b_[k][j];
    const auto fix = fixed()[0][j];
    if (fix == kOut) return 0.0;
    const double t = fix == kIn ? 0.0 : cost(0, j);
    if (t <= 0.0) return r / (q + d);
    double squares = 0.0;  // of sqrt(d_l) b_l as each task alone would like it, to judge the whole group
    for (std::size_t l = 0; l < K_; ++l) {
      const double want = (u_[l][j] + D_.q(l, j) * b_[l][j]) / std::sqrt(std::max(D_.d[l][j], 1e-300));
      squares += want * want;
    }
    const double length = std::sqrt(squares), theta = std::sqrt(2.0 * t);
    if (length <= theta) return 0.0;
    double now = norm(j);
    if (now == 0.0) now = q > 0.0 ? std::min(theta, (length - theta) * d / q) : theta;
    // stationarity: q b - r + d b sqrt(2 t) / ||.|| = 0 below the kink, q b - r + d b = 0 above
    return now * now >= 2.0 * t ? r / (q + d) : r / (q + d * theta / now);
  }

  // tau: the price of a place at which exactly s places are taken by the present b.
  void balance() {
    astray_ = 0.0;
    for (std::size_t k = 0; k < units(); ++k) {
      std::size_t room = D_.s[k];
      sizes_.clear();
      for (const std::size_t j : active_[k]) {
        const auto fix = fixed()[k][j];
        if (fix == kIn && room > 0) --room;
        const double size = D_.common ? norm(j) : std::sqrt(D_.d[k][j]) * std::abs(b_[k][j]);
        if (fix == kFree && size > 0.0) sizes_.emplace_back(size, omega_[k][j]);
      }
      // b and the prices answer to tau: steps grow while they go one way and shrink when they turn.
      const bool count = trail_.size() > kSettle && D_.delta > 0.0 && tau_[k] > 0.0 && room > 0;
      const double now = count ? counted_price(k, room) : price(static_cast<double>(room), tau_[k]);
      if (tau_[k] > 0.0 && now > 0.0) {
        const double toward = std::log(now / tau_[k]);
        astray_ = std::max(astray_, std::abs(toward));
        pace_[k] = toward * toward_[k] >= 0.0 ? std::min(1.2 * pace_[k], 2.0) : std::max(0.4 * pace_[k], 0.02);
        toward_[k] = toward;
        tau_[k] *= std::exp(std::clamp(pace_[k] * toward, -1.5, 1.5));
      } else {
        if (now > 0.0) astray_ = kInfinity;
        tau_[k] = std::max(now, 0.5 * tau_[k]);
      }
    }
  }
  // The price by the places that d b / z = u says are taken: prices that pooled tasks share need not have settled.
  double counted_price(std::size_t k, std::size_t room) const {
    double sum = 0.0;
    for (const std::size_t j : active_[k])
      if (fixed()[k][j] == kFree && b_[k][j] != 0.0)
        sum += std::min(1.0, D_.d[k][j] * std::abs(b_[k][j]) / std::abs(u_[k][j]));
    return tau_[k] * std::pow(sum / static_cast<double>(room), 2);
  }
  double places(double tau) const {
    double sum = 0.0;
    for (const auto& [size, omega] : sizes_) sum += tau + omega <= 0.0 ? 1.0 : std::min(1.0, size / std::sqrt(2.0 * (tau + omega)));
    return sum;
  }
  double price(double room, double before) const {
    if (room <= 0.0) return before;
    if (places(0.0) <= room) return 0.0;
    double total = 0.0, dearest = 0.0;
    for (const auto& [size, omega] : sizes_) {
      total += size;
      dearest = std::max(dearest, -omega);
    }
    double low = 0.0, high = 0.5 * (total / room) * (total / room) + dearest;
    for (int i = 0; i < 60 && high - low > 1e-12 * high; ++i) {
      const double middle = 0.5 * (low + high);
      (places(middle) > room ? low : high) = middle;
    }
    return high;
  }
  bool in_reach(std::size_t k, std::size_t j) const { return D_.common ? in_active_[0][j] : in_active_[k][j]; }

  // Sweeps over columns, all tasks of a column at once.
  double descend_joint() {
    columns_.clear();
    for (std::size_t k = 0; k < K_; ++k)
      for (const std::size_t j : active_[k]) columns_.push_back(j);
    std::sort(columns_.begin(), columns_.end());
    columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
    double most = 0.0;
    for (int sweep = 0; sweep < (root_ ? kSweeps : kJointSweeps); ++sweep) {
      most = 0.0;
      for (const std::size_t j : columns_) most = std::max(most, settle(j));
      if (most < 1e-12) break;
    }
    return most;
  }
  // Best b and z of one column in all tasks, and its prices; the largest move.
  double settle(std::size_t j) {
    column_.r.resize(K_), column_.q.resize(K_), column_.d.resize(K_), column_.tau = tau_;
    z_.assign(K_, 0.0);
    std::vector<std::size_t> free;
    std::size_t in = 0;
    for (std::size_t k = 0; k < K_; ++k) {
      column_.q[k] = D_.q(k, j);
      column_.d[k] = D_.d[k][j];
      column_.r[k] = u_[k][j] + column_.q[k] * b_[k][j];
      const auto fix = fixed()[k][j];
      if (fix == kFree && D_.usable(k, j)) free.push_back(k);
      if (fix == kIn) {
        z_[k] = 1.0;
        ++in;
      }
    }
    share(column_, std::move(free), in, K_, D_.delta, z_.data());
    double most = 0.0;
    for (std::size_t k = 0; k < K_; ++k) {
      const double below = column_.q[k] * z_[k] + column_.d[k];
      const double step = (z_[k] > 0.0 ? column_.r[k] * z_[k] / below : 0.0) - b_[k][j];
      if (step == 0.0) continue;
      enter(k, j);
      move(k, j, step);
      most = std::max(most, step * step * (column_.q[k] + column_.d[k]));
    }
    reprice(j);
    return most;
  }

  // The best prices for what entry would gain now.
  void reprice() {
    for (std::size_t j = 0; j < p_; ++j) reprice(j);
  }
  void reprice(std::size_t j) {
    if (!idle(j)) return price_in_full(j);
    for (std::size_t k = 0; k < K_; ++k) omega_[k][j] = 0.0;
  }
  // Whether no task would select column j even without a penalty: then its prices may be 0.
  bool idle(std::size_t j) const {
    for (std::size_t k = 0; k < K_; ++k)
      if (fixed()[k][j] == kIn || (fixed()[k][j] == kFree && h(k, j) > tau_[k])) return false;
    return true;
  }
  void price_in_full(std::size_t j) {
    constexpr double far = 1e3;
    x_.resize(K_), w_.resize(K_);
    for (std::size_t k = 0; k < K_; ++k) {
      const auto fix = fixed()[k][j];
      x_[k] = fix == kFree ? h(k, j) - tau_[k] : fix == kIn ? far * (D_.delta + 1.0) : -far * (D_.delta + 1.0);
    }
    project(x_.data(), K_, D_.delta, w_.data());
    for (std::size_t k = 0; k < K_; ++k) omega_[k][j] = w_[k];
  }

  // Columns that would gain enter; the Gram rows they will need are read together.
  bool activate() {
    bool grown = false;
    std::vector<std::vector<Index>> wanted(K_);
    for (std::size_t k = 0; k < units(); ++k) {
      std::vector<std::pair<double, std::size_t>> violators;
      for (std::size_t j = 0; j < p_; ++j) {
        if (fixed()[k][j] != kFree || in_reach(k, j)) continue;
        const double excess = gain(k, j) - tau_[k];
        if (excess > 1e-9 * (std::abs(tau_[k]) + 1e-12) && h(k, j) > 0.0) violators.emplace_back(excess, j);
      }
      if (violators.empty()) continue;
      const std::size_t n = std::min(kGrow, violators.size());
      std::partial_sort(violators.begin(), violators.begin() + static_cast<std::ptrdiff_t>(n), violators.end(),
                        std::greater<>());
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t j = violators[i].second;
        for (std::size_t t = 0; t < K_; ++t) {
          if (D_.common || t == k) enter(t, j);
          if (D_.common || t == k || (D_.delta > 0.0 && h_of(t, j) > 0.25 * tau_[t]))
            wanted[t].push_back(static_cast<Index>(j));
        }
      }
      grown = true;
    }
    for (std::size_t t = 0; t < K_; ++t) D_.views[t]->prefetch(wanted[t]);
    return grown;
  }

  // Value of the relaxation at b, an upper estimate of what the bound can reach.
  double value() const {
    double sum = D_.constant;
    for (std::size_t k = 0; k < K_; ++k)
      for (const std::size_t j : active_[k]) sum -= 0.5 * b_[k][j] * (D_.c[k][j] + u_[k][j]);
    for (std::size_t k = 0; k < units(); ++k)
      for (const std::size_t j : active_[k]) {
        const double part = z(k, j), n = D_.common ? norm(j) : std::sqrt(D_.d[k][j]) * std::abs(b_[k][j]);
        if (part > 0.0) sum += 0.5 * n * n / part + omega_[k][j] * part;
      }
    return sum;
  }

  double inner_apart() const {
    double sum = 0.0;
    for (std::size_t k = 0; k < units(); ++k) {
      std::size_t room = D_.s[k];
      std::vector<double> best;
      for (std::size_t j = 0; j < p_; ++j) {
        const auto fix = fixed()[k][j];
        if (fix == kOut) continue;
        const double g = gain(k, j);
        if (fix == kIn) {
          sum -= g;
          room -= room > 0;
        } else if (g > 0.0) {
          best.push_back(g);
        }
      }
      if (best.size() > room) {
        std::nth_element(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(room), best.end(), std::greater<>());
        best.resize(room);
      }
      for (const double g : best) sum -= g;
    }
    return sum;
  }

  std::size_t fix_apart(double bound, double cutoff, std::vector<std::vector<signed char>>& marks) const {
    std::size_t fixed_now = 0;
    for (std::size_t k = 0; k < units(); ++k) {
      std::size_t room = D_.s[k];
      std::vector<double> free;
      for (std::size_t j = 0; j < p_; ++j) {
        if (fixed()[k][j] == kIn && room > 0) --room;
        if (fixed()[k][j] == kFree) free.push_back(std::max(gain(k, j), 0.0));
      }
      std::sort(free.begin(), free.end(), std::greater<>());
      const double last = room > 0 && room <= free.size() ? free[room - 1] : room > 0 ? 0.0 : kInfinity;
      const double next = room < free.size() ? free[room] : 0.0;
      for (std::size_t j = 0; j < p_; ++j) {
        if (fixed()[k][j] != kFree) continue;
        const double g = gain(k, j);
        if (bound + last - g >= cutoff)
          marks[k][j] = kOut;
        else if (bound + g - next >= cutoff && g >= last)
          marks[k][j] = kIn;
        else
          continue;
        ++fixed_now;
      }
    }
    return fixed_now;
  }

  std::size_t fix_joint(double bound, double cutoff, std::vector<std::vector<signed char>>& marks) const {
    std::size_t fixed_now = 0;
    std::vector<double> x(K_);
    std::vector<signed char> mark(K_);
    for (std::size_t j = 0; j < p_; ++j) {
      for (std::size_t k = 0; k < K_; ++k) {
        x[k] = tau_[k] - h(k, j);
        mark[k] = fixed()[k][j];
      }
      const double here = best_set(x, mark);
      for (std::size_t k = 0; k < K_; ++k) {
        if (fixed()[k][j] != kFree) continue;
        for (const auto value : {kIn, kOut}) {
          mark[k] = value;
          if (bound + best_set(x, mark) - here < cutoff) continue;
          marks[k][j] = value == kIn ? kOut : kIn;
          ++fixed_now;
          break;
        }
        mark[k] = kFree;
      }
    }
    return fixed_now;
  }

  // min over sets of tasks S of sum_{k in S} x_k + (delta / 2) g(|S|), some tasks fixed.
  double best_set(const std::vector<double>& x, const std::vector<signed char>& mark) const {
    auto& open = open_;
    open.clear();
    double running = 0.0;
    std::size_t in = 0;
    for (std::size_t k = 0; k < K_; ++k) {
      if (mark[k] == kIn) {
        running += x[k];
        ++in;
      } else if (mark[k] == kFree) {
        open.push_back(x[k]);
      }
    }
    std::sort(open.begin(), open.end());
    double best = running + penalty(D_.delta, in, K_);
    for (std::size_t i = 0; i < open.size(); ++i) {
      running += open[i];
      best = std::min(best, running + penalty(D_.delta, in + i + 1, K_));
    }
    return best;
  }

  // With the penalty itself: tau is a multiplier, the sets of tasks are chosen column by column.
  double inner_joint() const {
    double sum = 0.0;
    for (std::size_t k = 0; k < K_; ++k) sum -= tau_[k] * static_cast<double>(D_.s[k]);
    std::vector<double> x(K_);
    std::vector<signed char> mark(K_);
    for (std::size_t j = 0; j < p_; ++j) {
      if (idle(j)) continue;
      for (std::size_t k = 0; k < K_; ++k) {
        x[k] = tau_[k] - h(k, j);
        mark[k] = fixed()[k][j];
      }
      sum += best_set(x, mark);
    }
    return sum;
  }

  Data D_;
  std::size_t K_, p_;
  std::vector<std::vector<double>> omega_, b_, u_;
  std::vector<double> tau_, x_, w_, z_, pace_, toward_;
  std::vector<std::size_t> columns_;
  Column column_;
  mutable std::vector<double> open_;
  std::vector<std::pair<double, double>> sizes_;
  std::vector<std::vector<std::size_t>> active_;
  std::vector<std::vector<char>> in_active_;
  struct Snapshot {
    std::vector<std::vector<double>> omega, b, u;
    std::vector<double> tau;
  } best_;
  const std::vector<std::vector<signed char>>* fixed_ = nullptr;
  double astray_ = 0.0;  // how far tau is from where it is going
  double least_d_ = kInfinity;  // of any d over its diagonal
  bool root_ = true;
  std::vector<double> trail_;  // best bound after each round of a root
  int stalled_ = 0, slow_ = 0;
};

}  // namespace sparsekin::exact
