// Moves that change several tasks at once; single moves cannot cross the hills the Zbar penalty makes.
//   feature in:  column l enters the best set of tasks, each evicting the column it misses least;
//   feature out: column i leaves the best set of its tasks, each taking the column it likes best;
//   pair:        column i is exchanged for l in all tasks that hold i and not l.
// Gains of the quadratic are exact per task. phi is concave, so pricing evictions one by one can only
// underestimate the gain: the objective never rises.
#pragma once
#include <algorithm>
#include <numeric>
#include <vector>

#include "l0/separable.hpp"

namespace sparsekin {

struct JointMove {
  double gain = 0.0;
  std::vector<std::pair<std::size_t, Move>> steps;  // task, move
};

class JointMoves {
 public:
  explicit JointMoves(Separable& search) : search_(search), K_(search.tasks()) {}

  // Perform the best joint move; false where none gains more than the tolerances of the tasks it touches.
  bool improve() {
    for (std::size_t k = 0; k < K_; ++k) bonus_.push_back(search_.bonus(k));
    tolerance_.clear();
    for (std::size_t k = 0; k < K_; ++k) tolerance_.push_back(search_.tolerance(k));
    JointMove best;
    feature_in(best);
    feature_out(best);
    pairs(best);
    bonus_.clear();
    if (best.steps.empty()) return false;
    return perform(best);
  }

 private:
  // A column in the span of a support is refused by its task: then the rest may not be worth it, and all goes back.
  bool perform(const JointMove& move) {
    const double before = value(move);
    std::vector<std::vector<Index>> supports;
    for (const auto& step : move.steps) supports.push_back(search_.support(step.first));
    bool whole = true;
    for (const auto& [k, step] : move.steps) whole = search_.perform(k, step) && whole;
    double least = search_.penalty_rounding();
    for (const auto& step : move.steps) least += tolerance_[step.first];
    if (whole || value(move) > before + least) return true;
    for (std::size_t r = 0; r < move.steps.size(); ++r) search_.load(move.steps[r].first, supports[r]);
    return false;
  }

  // What the tasks of a move explain, less the Zbar term.
  double value(const JointMove& move) const {
    double sum = -search_.penalty();
    for (const auto& step : move.steps) sum += search_.state(step.first).explained();
    return sum;
  }

  std::size_t shared() const {
    std::size_t n = search_.state(0).view().aligned();
    for (std::size_t k = 1; k < K_; ++k) n = std::min(n, search_.state(k).view().aligned());
    return n;
  }

  void feature_in(JointMove& best) {
    const std::size_t n = shared();
    std::vector<double> gain(K_ * n, -kInfinity), leaves(K_ * n, -1.0);
    for (std::size_t k = 0; k < K_; ++k) {
      const auto& state = search_.state(k);
      double *value = gain.data() + k * n, *who = leaves.data() + k * n;
      if (state.size() < search_.cap(k))
        for (std::size_t l = 0; l < n; ++l)
          if (state.open(l)) value[l] = state.entry_gain(l);
      for (std::size_t i = 0; i < state.size(); ++i) {
        const double invd = 1.0 / state.d(i);
        leaf::best_exchange(state.g(), state.hs(), state.W(i), state.b(i) * invd, invd,
                            state.exit_cost(i) - bonus_[k].leaving(i), static_cast<double>(i), value, who, n);
      }
      for (std::size_t l = 0; l < n; ++l)
        if (!state.open(l)) value[l] = -kInfinity;
    }
    std::vector<std::size_t> order(K_);
    for (std::size_t l = 0; l < n; ++l) {
      const int m = search_.holders(search_.state(0).view().global(static_cast<Index>(l)));
      double bound = search_.penalty_gain(m, static_cast<int>(K_) - m);  // the most it can give: all tasks hold it
      for (std::size_t k = 0; k < K_; ++k) bound += std::max(gain[k * n + l], 0.0);
      if (bound <= best.gain) continue;
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](auto a, auto b) { return gain[a * n + l] > gain[b * n + l]; });
      double sum = 0.0, least = search_.penalty_rounding();
      for (std::size_t t = 1; t <= K_ && gain[order[t - 1] * n + l] > -kInfinity; ++t) {
        sum += gain[order[t - 1] * n + l];
        least += tolerance_[order[t - 1]];
        const double total = sum + search_.penalty_gain(m, static_cast<int>(t));
        if (total <= std::max(best.gain, least)) continue;
        best.gain = total;
        best.steps.clear();
        for (std::size_t r = 0; r < t; ++r) {
          const std::size_t k = order[r];
          best.steps.push_back({k, {0.0, static_cast<Index>(leaves[k * n + l]), static_cast<Index>(l)}});
        }
      }
    }
  }

  void feature_out(JointMove& best) {
    for (const Index j : held()) {
      std::vector<std::pair<double, std::pair<std::size_t, Move>>> offers;
      for (std::size_t k = 0; k < K_; ++k) {
        const auto& state = search_.state(k);
        const Index l = state.view().local(j);
        if (l < 0 || !state.holds(l)) continue;
        const std::size_t i = state.position(l);
        const Bonus entry_only{bonus_[k].unit, bonus_[k].entry, bonus_[k].entry_units, {}};
        Move move{-state.exit_cost(i), static_cast<Index>(i), -1};
        const std::size_t m = state.candidates();
        for (std::size_t t = 0; t < m; t += kScanTile)
          scan_exchanges_of(state, i, t, std::min(kScanTile, m - t), entry_only, move);
        offers.push_back({move.gain, {k, move}});
      }
      std::sort(offers.begin(), offers.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
      double sum = 0.0, least = search_.penalty_rounding();
      for (std::size_t t = 1; t <= offers.size(); ++t) {
        sum += offers[t - 1].first;
        least += tolerance_[offers[t - 1].second.first];
        const double total = sum + search_.penalty_gain(search_.holders(j), -static_cast<int>(t));
        if (total <= std::max(best.gain, least)) continue;
        best.gain = total;
        best.steps.clear();
        for (std::size_t r = 0; r < t; ++r) best.steps.push_back(offers[r].second);
      }
    }
  }

  void pairs(JointMove& best) {
    const std::size_t n = shared();
    std::vector<double> total(n), count(n);
    for (const Index j : held()) {
      std::fill(total.begin(), total.end(), 0.0);
      std::fill(count.begin(), count.end(), 0.0);
      for (std::size_t k = 0; k < K_; ++k) {
        const auto& state = search_.state(k);
        const Index l = state.view().local(j);
        if (l < 0 || !state.holds(l)) continue;
        const std::size_t i = state.position(l);
        const double invd = 1.0 / state.d(i);
        leaf::add_exchange(state.g(), state.hs(), state.W(i), state.b(i) * invd, invd, state.exit_cost(i),
                           total.data(), count.data(), n);
      }
      const int m = search_.holders(j);
      for (std::size_t l = 0; l < n; ++l) {
        const int t = static_cast<int>(count[l]);
        const Index in = search_.state(0).view().global(static_cast<Index>(l));
        if (t < 2 || in == j) continue;
        const double gain = total[l] + search_.penalty_gain(m, -t) + search_.penalty_gain(search_.holders(in), t);
        if (gain <= best.gain) continue;
        auto steps = pair_steps(j, static_cast<Index>(l));
        double least = search_.penalty_rounding();
        for (const auto& step : steps) least += tolerance_[step.first];
        if (gain <= least) continue;
        best.gain = gain;
        best.steps = std::move(steps);
      }
    }
  }

  std::vector<std::pair<std::size_t, Move>> pair_steps(Index j, Index in) const {
    std::vector<std::pair<std::size_t, Move>> steps;
    for (std::size_t k = 0; k < K_; ++k) {
      const auto& state = search_.state(k);
      const Index l = state.view().local(j);
      if (l >= 0 && state.holds(l) && state.open(in)) steps.push_back({k, {0.0, state.position(l), in}});
    }
    return steps;
  }

  std::vector<Index> held() const {
    std::vector<Index> out;
    for (std::size_t k = 0; k < K_; ++k)
      for (const Index j : search_.support(k)) out.push_back(j);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  Separable& search_;
  std::size_t K_;
  std::vector<Bonus> bonus_;
  std::vector<double> tolerance_;
};

}  // namespace sparsekin
