// Heterogeneous or independent supports with lambda_2 = 0: the tasks share nothing but the Zbar penalty
//   (delta / 2) sum_j phi(m_j),   m_j = number of tasks that hold column j.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "l0/penalty.hpp"
#include "l0/scan.hpp"

namespace sparsekin {

using Poll = std::function<bool()>;  // true: the user wants to stop

class Separable {
 public:
  Separable(std::vector<BlockState> states, std::vector<std::size_t> caps, double delta, double tolerance)
      : states_(std::move(states)),
        caps_(std::move(caps)),
        holders_(states_.empty() ? 0 : states_[0].view().p(), 0),
        delta_(delta),
        tolerance_(tolerance),
        since_rebuild_(states_.size(), 0) {}

  std::size_t tasks() const { return states_.size(); }
  BlockState& state(std::size_t k) { return states_[k]; }
  const BlockState& state(std::size_t k) const { return states_[k]; }
  std::size_t cap(std::size_t k) const { return caps_[k]; }
  void set_cap(std::size_t k, std::size_t cap) { caps_[k] = cap; }
  void set_delta(double delta) { delta_ = delta; }
  double tolerance() const { return tolerance_; }
  long moves() const { return moves_; }
  int holders(Index j) const { return holders_[j]; }
  double penalty_gain(int m, int joining) const { return sparsekin::penalty_gain(delta_, m, joining, tasks()); }

  std::vector<Index> support(std::size_t k) const {
    std::vector<Index> out;
    for (const Index l : states_[k].support()) out.push_back(states_[k].view().global(l));
    return out;
  }
  void load(std::size_t k, const std::vector<Index>& support) {
    for (const Index l : states_[k].support()) --holders_[states_[k].view().global(l)];
    std::vector<Index> local;
    for (const Index j : support)
      if (states_[k].view().local(j) >= 0) local.push_back(states_[k].view().local(j));
    states_[k].load(local);
    for (const Index l : states_[k].support()) ++holders_[states_[k].view().global(l)];
    since_rebuild_[k] = 0;
  }

  // How far F is below its value without any column.
  double gain_over_null() const {
    double sum = 0.0;
    for (const auto& state : states_) sum += state.explained();
    for (const int m : holders_)
      if (m) sum -= penalty(delta_, m, tasks());
    return sum;
  }

  // Forward steps in task k, blind to the penalty on supports, until it holds `size` columns.
  void forward(std::size_t k, std::size_t size) {
    while (states_[k].size() < size) {
      Move best{0.0, -1, -1};
      scan_entries(states_[k], {}, best);
      if (best.in < 0) return;
      perform(k, best);
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
    for (std::size_t idle = 0, k = 0; idle < tasks(); k = (k + 1) % tasks()) {
      const Move best = best_move(k, tolerance_);
      if (best.in < 0 && best.out < 0) {
        ++idle;
        continue;
      }
      if (perform(k, best)) idle = 0;
      if (poll()) return false;
    }
    return true;
  }

  Move best_move(std::size_t k, double least) const { return best_single(states_[k], caps_[k], bonus(k), least); }

  // What the penalty gives for entering or leaving task k alone.
  Bonus bonus(std::size_t k) const {
    Bonus out;
    if (delta_ == 0.0) return out;
    const auto& state = states_[k];
    std::vector<double> join(tasks() + 1), quit(tasks() + 1);
    for (std::size_t m = 0; m <= tasks(); ++m) {
      join[m] = penalty_gain(static_cast<int>(m), +1);
      quit[m] = penalty_gain(static_cast<int>(m), -1);
    }
    out.entry.resize(state.candidates());
    for (std::size_t l = 0; l < state.candidates(); ++l)
      out.entry[l] = state.open(l) ? join[holders_[state.view().global(static_cast<Index>(l))]] : -kInfinity;
    for (const Index l : state.support()) out.exit.push_back(quit[holders_[state.view().global(l)]]);
    return out;
  }

  bool perform(std::size_t k, const Move& move) {
    auto& state = states_[k];
    const Index old = move.out >= 0 ? state.support()[move.out] : -1;
    if (!apply(state, move)) return false;
    if (old >= 0) --holders_[state.view().global(old)];
    if (move.in >= 0) ++holders_[state.view().global(move.in)];
    ++moves_;
    if (++since_rebuild_[k] >= kRebuild) load(k, support(k));
    return true;
  }

 private:
  static constexpr int kRebuild = 50;  // moves after which rounding in the rank-one updates is wiped out
  std::vector<BlockState> states_;
  std::vector<std::size_t> caps_;
  std::vector<int> holders_;
  double delta_, tolerance_;
  std::vector<int> since_rebuild_;
  long moves_ = 0;
};

}  // namespace sparsekin
