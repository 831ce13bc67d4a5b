// Heterogeneous or independent supports with lambda_2 = 0: the tasks share nothing but the Zbar penalty
//   (delta / 2) sum_j phi(m_j),   m_j = number of tasks that hold column j.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "l0/penalty.hpp"
#include "l0/scan.hpp"
#include "l0/yardstick.hpp"

namespace sparsekin {

using Poll = std::function<bool()>;  // true: the user wants to stop

class Separable {
 public:
  Separable(std::vector<BlockState> states, std::vector<std::size_t> caps, double delta, std::vector<Yardstick> sticks)
      : states_(std::move(states)),
        caps_(std::move(caps)),
        holders_(states_.empty() ? 0 : states_[0].view().p(), 0),
        joining_(holders_.size(), penalty_units(0.0, +1, states_.size())),
        delta_(delta),
        sticks_(std::move(sticks)),
        since_rebuild_(states_.size(), 0) {}

  std::size_t tasks() const { return states_.size(); }
  BlockState& state(std::size_t k) { return states_[k]; }
  const BlockState& state(std::size_t k) const { return states_[k]; }
  std::size_t cap(std::size_t k) const { return caps_[k]; }
  void set_cap(std::size_t k, std::size_t cap) { caps_[k] = cap; }
  void set_delta(double delta) { delta_ = delta; }
  // A move in task k must gain more than this.
  double tolerance(std::size_t k) const { return sticks_[k].tolerance(states_[k].explained()); }
  // Rounding of sums of whole penalties.
  double penalty_rounding() const { return 1e-15 * delta_ * static_cast<double>(tasks()); }
  double delta() const { return delta_; }
  long moves() const { return moves_; }
  int holders(Index j) const { return holders_[j]; }
  double penalty_gain(int m, int joining) const { return sparsekin::penalty_gain(delta_, m, joining, tasks()); }

  std::vector<Index> support(std::size_t k) const {
    std::vector<Index> out;
    for (const Index l : states_[k].support()) out.push_back(states_[k].view().global(l));
    return out;
  }
  void load(std::size_t k, const std::vector<Index>& support) {
    for (const Index l : states_[k].support()) count(states_[k].view().global(l), -1);
    std::vector<Index> local;
    for (const Index j : support)
      if (states_[k].view().local(j) >= 0) local.push_back(states_[k].view().local(j));
    states_[k].lift_bans();
    states_[k].load(local);
    for (const Index l : states_[k].support()) count(states_[k].view().global(l), +1);
    since_rebuild_[k] = 0;
  }

  // Candidates of task k instead of its support; false, and nothing changes, where F does not fall.
  bool replace(std::size_t k, const std::vector<Index>& candidates) {
    const auto before = support(k);
    const double value = states_[k].explained(), price = penalty();
    load(k, states_[k].view().globals(candidates));
    ++moves_;
    if (states_[k].explained() - value + price - penalty() > tolerance(k) + penalty_rounding()) return true;
    load(k, before);
    return false;
  }

  // The Zbar term of F.
  double penalty() const {
    double units = 0.0;
    for (const int m : holders_) units -= penalty_units(0.0, m, tasks());
    return penalty_unit(delta_, tasks()) * units;
  }

  // Forward steps in task k, blind to the penalty on supports, until it holds `size` columns.
  void forward(std::size_t k, std::size_t size, const Poll& poll) {
    while (states_[k].size() < size) {
      Move best{0.0, -1, -1};
      scan_entries(states_[k], {}, best);
      if (best.in < 0) return;
      perform(k, best);
      if (poll()) return;
    }
  }

  // Drop the column task k misses least until it holds `size`.
  void shrink(std::size_t k, std::size_t size) {
    while (states_[k].size() > size) {
      Move best{-kInfinity, -1, -1};
      scan_exits(states_[k], {}, best);
      perform(k, best);
    }
  }

  // Best single moves, task after task, until no task has one.
  bool polish_singles(const Poll& poll) {
    Bonus scratch;
    std::vector<std::size_t> tried(tasks(), 0);
    const bool alone = delta_ == 0.0;  // then a task is done with before the next: its state is at hand
    for (std::size_t idle = 0, k = 0; idle < tasks(); k = alone ? idle : (k + 1) % tasks()) {
      const Move best = best_move(k, tolerance(k), scratch);
      if ((best.in < 0 && best.out < 0) || ++tried[k] > most_moves(caps_[k])) {
        ++idle;
        continue;
      }
      if (perform(k, best) && !alone) idle = 0;
      if (poll()) return false;
    }
    return true;
  }

  Move best_move(std::size_t k, double least) const {
    Bonus scratch;
    return best_move(k, least, scratch);
  }

  // What the penalty gives for entering or leaving task k alone.
  Bonus bonus(std::size_t k) const {
    Bonus out;
    bonus_into(k, out);
    return out;
  }
  void bonus_into(std::size_t k, Bonus& out) const {
    if (delta_ == 0.0) return;
    const auto& state = states_[k];
    const std::size_t m = state.candidates();
    out.unit = penalty_unit(delta_, tasks());
    out.entry.resize(m);
    out.entry_units.resize(m);
    out.exit_units.clear();
    const double* joining = joining_.data();
    if (!state.view().has_all()) {
      for (std::size_t l = 0; l < m; ++l) out.entry[l] = joining_[state.view().global(static_cast<Index>(l))];
      joining = out.entry.data();
    }
    leaf::gifts(state.hs(), joining, out.unit, out.entry_units.data(), out.entry.data(), m);
    for (const Index l : state.support())
      out.exit_units.push_back(penalty_units(holders_[state.view().global(l)], -1, tasks()));
  }

  bool perform(std::size_t k, const Move& move) {
    auto& state = states_[k];
    const Index old = move.out >= 0 ? state.support()[move.out] : -1;
    if (!apply(state, move)) return false;
    state.lift_bans();
    if (old >= 0) count(state.view().global(old), -1);
    if (move.in >= 0) count(state.view().global(move.in), +1);
    ++moves_;
    if (++since_rebuild_[k] >= kRebuild) load(k, support(k));
    return true;
  }

 private:
  Move best_move(std::size_t k, double least, Bonus& scratch) const {
    bonus_into(k, scratch);
    return best_single(states_[k], caps_[k], scratch, least);
  }

  void count(Index j, int change) {
    holders_[j] += change;
    joining_[j] = penalty_units(holders_[j], +1, tasks());
  }

  static constexpr int kRebuild = 50;  // moves after which rounding in the rank-one updates is wiped out
  std::vector<BlockState> states_;
  std::vector<std::size_t> caps_;
  std::vector<int> holders_;
  std::vector<double> joining_;  // what the penalty gives in units for one task more
  double delta_;
  std::vector<Yardstick> sticks_;
  std::vector<int> since_rebuild_;
  long moves_ = 0;
};

}  // namespace sparsekin
