// Moves that change several tasks at once; single moves cannot cross the hills the Zbar penalty makes.
//   feature in:  column l enters the best set of tasks, each evicting the column it misses least;
//   feature out: column i leaves the best set of its tasks, each taking the column it likes best;
//   pair:        column i is exchanged for l in all tasks that hold i and not l.
// Gains of the quadratic are exact per task. phi is concave, so pricing evictions one by one can only
// underestimate the gain: the objective never rises.
#pragma once
#include <algorithm>
#include <vector>

#include "l0/separable.hpp"

namespace sparsekin {

struct JointMove {
  double gain = 0.0;
  std::vector<std::pair<std::size_t, Move>> steps;  // task, move
};

class JointMoves {
 public:
  explicit JointMoves(Separable& search) : search_(search), K_(search.tasks()), n_(shared()) {}

  // Perform the best joint move; false where none gains more than the tolerances of the tasks it touches.
  bool improve() {
    prepare();
    for (std::size_t k = 0; k < K_; ++k) look(k);
    JointMove best;
    feature_in(best);
    feature_out(best);
    pairs(best);
    if (best.steps.empty()) return false;
    return perform(best);
  }

 private:
  // A column that some tasks hold: what each offers for its leaving, and what exchanges of it gain over all of them.
  struct Held {
    Index column;
    std::vector<std::pair<double, std::pair<std::size_t, Move>>> offers;
    std::vector<double> total, count;  // empty where one task holds it
  };

  void prepare() {
    gain_.assign(K_ * n_, -kInfinity);
    leaves_.assign(K_ * n_, -1.0);
    chords();
    tolerance_.clear();
    for (std::size_t k = 0; k < K_; ++k) tolerance_.push_back(search_.tolerance(k));
    held_.clear();
    for (const Index j : held()) {
      const bool several = search_.holders(j) > 1;
      held_.push_back({j, {}, std::vector<double>(several ? n_ : 0), std::vector<double>(several ? n_ : 0)});
    }
  }

  // What t more tasks are given for a column that m hold, unit t (t + 2 m - K), is convex in t: on each of a few pieces
  // [a, b] of 0, ..., K - m it is below its chord, unit ((a + b + 2 m - K) t - a b). So no set of tasks gains more
  // than the largest of sum_k max(gain_kl + slope, 0) - unit a b over the pieces.
  void chords() {
    const double unit = penalty_unit(search_.delta(), K_), all = static_cast<double>(K_);
    slope_.resize(kPieces * n_);
    chord_.resize(kPieces * n_);
    for (std::size_t piece = 0; piece < kPieces; ++piece)
      for (std::size_t l = 0; l < n_; ++l) {
        const double m = search_.holders(column(l)), part = (all - m) / kPieces;
        const double a = part * static_cast<double>(piece), b = a + part;
        slope_[piece * n_ + l] = unit * (a + b + 2.0 * m - all);
        chord_[piece * n_ + l] = -unit * a * b;
      }
  }
  double bound(std::size_t l) const {
    double most = chord_[l];
    for (std::size_t piece = 1; piece < kPieces; ++piece) most = std::max(most, chord_[piece * n_ + l]);
    return most;
  }

  // All that the moves need to know of task k, in one visit: with many tasks each visit reads its state anew.
  void look(std::size_t k) {
    const auto& state = search_.state(k);
    search_.bonus_into(k, bonus_);
    double *value = gain_.data() + k * n_, *who = leaves_.data() + k * n_;
    if (state.size() < search_.cap(k))
      for (std::size_t l = 0; l < n_; ++l)
        if (state.open(l)) value[l] = state.entry_gain(l);
    for (std::size_t i = 0; i < state.size(); ++i) {
      const double invd = 1.0 / state.d(i);
      leaf::best_exchange(state.g(), state.hs(), state.W(i), state.b(i) * invd, invd,
                          state.exit_cost(i) - bonus_.leaving(i), static_cast<double>(i), value, who, n_);
    }
    for (std::size_t l = 0; l < n_; ++l)
      if (!state.open(l)) value[l] = -kInfinity;
    for (std::size_t piece = 0; piece < kPieces; ++piece)
      leaf::add_positive(value, &slope_[piece * n_], &chord_[piece * n_], n_);
    bonus_.exit_units.clear();
    for (std::size_t i = 0; i < state.size(); ++i) offer(k, i);
  }

  void offer(std::size_t k, std::size_t i) {
    const auto& state = search_.state(k);
    const Index j = state.view().global(state.support()[i]);
    Held& one = *std::lower_bound(held_.begin(), held_.end(), j, [](const Held& a, Index b) { return a.column < b; });
    Move move{-state.exit_cost(i), static_cast<Index>(i), -1};
    const std::size_t m = state.candidates();
    for (std::size_t t = 0; t < m; t += kScanTile)
      scan_exchanges_of(state, i, t, std::min(kScanTile, m - t), bonus_, move);
    one.offers.push_back({move.gain, {k, move}});
    if (one.total.empty()) return;
    const double invd = 1.0 / state.d(i);
    leaf::add_exchange(state.g(), state.hs(), state.W(i), state.b(i) * invd, invd, state.exit_cost(i),
                       one.total.data(), one.count.data(), n_);
  }

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
    const double least = *std::min_element(tolerance_.begin(), tolerance_.end());
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t l = 0; l < n_; ++l) {
      if (bound(l) + search_.penalty_rounding() <= std::max(best.gain, search_.penalty_rounding() + least)) continue;
      order.clear();
      for (std::size_t k = 0; k < K_; ++k)
        if (gain_[k * n_ + l] > -kInfinity) order.push_back({-gain_[k * n_ + l], k});
      std::sort(order.begin(), order.end());
      enter(best, l, order);
    }
  }

  // Column l enters the first t tasks of `order`, whichever t is best.
  void enter(JointMove& best, std::size_t l, const std::vector<std::pair<double, std::size_t>>& order) const {
    const int m = search_.holders(column(l));
    double sum = 0.0, least = search_.penalty_rounding();
    std::size_t most = 0;
    for (std::size_t t = 1; t <= order.size(); ++t) {
      sum -= order[t - 1].first;
      least += tolerance_[order[t - 1].second];
      const double total = sum + search_.penalty_gain(m, static_cast<int>(t));
      if (total <= std::max(best.gain, least)) continue;
      best.gain = total;
      most = t;
    }
    if (most == 0) return;
    best.steps.clear();
    for (std::size_t r = 0; r < most; ++r) {
      const std::size_t k = order[r].second;
      best.steps.push_back({k, {0.0, static_cast<Index>(leaves_[k * n_ + l]), static_cast<Index>(l)}});
    }
  }

  void feature_out(JointMove& best) {
    for (auto& [j, offers, total_of, count] : held_) {
      std::sort(offers.begin(), offers.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
      double sum = 0.0, least = search_.penalty_rounding();
      std::size_t most = 0;
      for (std::size_t t = 1; t <= offers.size(); ++t) {
        sum += offers[t - 1].first;
        least += tolerance_[offers[t - 1].second.first];
        const double total = sum + search_.penalty_gain(search_.holders(j), -static_cast<int>(t));
        if (total <= std::max(best.gain, least)) continue;
        best.gain = total;
        most = t;
      }
      if (most == 0) continue;
      best.steps.clear();
      for (std::size_t r = 0; r < most; ++r) best.steps.push_back(offers[r].second);
    }
  }

  void pairs(JointMove& best) {
    for (const auto& [j, offers, total, count] : held_) {
      if (total.empty()) continue;
      const int m = search_.holders(j);
      for (std::size_t l = 0; l < n_; ++l) {
        const int t = static_cast<int>(count[l]);
        const Index in = column(l);
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

  Index column(std::size_t l) const { return search_.state(0).view().global(static_cast<Index>(l)); }

  static constexpr std::size_t kPieces = 4;
  Separable& search_;
  std::size_t K_, n_;
  Bonus bonus_;
  std::vector<Held> held_;
  std::vector<double> gain_, leaves_, slope_, chord_, tolerance_;
};

}  // namespace sparsekin
