// Search with lambda_2 > 0, heterogeneous or common supports. Single moves are exact over all tasks' coefficients.
#pragma once
#include <algorithm>
#include <functional>
#include <vector>

#include "l0/coupled_scan.hpp"
#include "l0/group_moves.hpp"
#include "l0/group_scan.hpp"
#include "l0/scan.hpp"
#include "l0/yardstick.hpp"

namespace sparsekin {

class Coupled {
 public:
  Coupled(CoupledData data, std::vector<std::size_t> caps, double delta, bool common, std::vector<Yardstick> sticks)
      : data_(std::make_shared<CoupledData>(std::move(data))),
        caps_(std::move(caps)),
        delta_(common ? 0.0 : delta),
        common_(common),
        sticks_(std::move(sticks)),
        core_(*data_) {
    data_->tighten();
  }

  std::size_t tasks() const { return data_->tasks(); }
  long moves() const { return moves_; }
  void set_cap(std::size_t k, std::size_t cap) { caps_[k] = cap; }
  void set_delta(double delta) { delta_ = common_ ? 0.0 : delta; }
  double gain_over_null() const { return value(core_); }
  // What a move in task k must gain, and one in all tasks.
  double tolerance(std::size_t k) const {
    const double least = data_->rounding * sticks_[k].null + penalty_rounding();
    return std::max(sticks_[k].tolerance(-core_.loss(k)), least);
  }
  double tolerance() const {
    double sum = 0.0;
    for (std::size_t k = 0; k < tasks(); ++k) sum += tolerance(k);
    return sum;
  }

  std::vector<Index> support(std::size_t k) const {
    std::vector<Index> out;
    for (std::size_t i = 0; i < core_.count(k); ++i) out.push_back(core_.column(k, i));
    return out;
  }
  void load(const std::vector<std::vector<Index>>& supports) {
    core_ = CoupledCore(*data_);
    since_rebuild_ = 0;
    for (std::size_t k = 0; k < tasks(); ++k) {
      std::vector<Index> local;
      for (const Index j : supports[k])
        if (data_->views[k]->local(j) >= 0) local.push_back(data_->views[k]->local(j));
      data_->views[k]->prefetch(local);
      for (const Index l : local)
        if (!common_) core_.enter(k, l);
    }
    if (!common_) return;
    for (const Index j : supports[0]) {
      CoupledCore trial = core_;
      if (enter_all(trial, j)) core_ = std::move(trial);
    }
  }

  // Columns enter all tasks at once, best first, while every task has room.
  void forward(std::size_t size, const std::function<bool()>& poll) {
    for (std::size_t step = 0; step < size; ++step) {
      const double least = value(core_) + 1e-300;
      if (common_) {
        Trial best{core_, least, false};
        best_entry(core_, best);
        if (!best.found) return;
        core_ = std::move(best.core);
      } else {
        GroupMoves moves(*data_, caps_, delta_, poll);
        const GroupMove best = moves.entry(core_, least);
        if (!best.found) return;
        moves.make(best, core_);
      }
      if (poll()) return;
    }
  }

  // Drop what is missed least until every task is within its cap.
  void shrink() {
    if (common_) {
      while (core_.count(0) > caps_[0]) core_ = without(least_missed_by_all());
      return;
    }
    for (std::size_t k = 0; k < tasks(); ++k)
      while (core_.count(k) > caps_[k]) core_.leave(k, least_missed(k));
  }

  bool polish(const std::function<bool()>& poll) {
    std::size_t tried = 0;
    do {
      if (!common_ && !polish_singles(poll)) return false;
      if (poll()) return false;
    } while (tried++ < most_moves(caps_[0]) && (common_ ? improve_common(poll) : improve_group(poll)));
    return !poll();
  }

  // For each candidate the best gain its entry can bring, in task k alone or, with common support, in all tasks.
  std::vector<double> entry_gains_of(std::size_t k) const {
    if (common_) return common_gains();
    const CoupledScan scan(*data_, core_, k);
    return entry_gains(scan, caps_[k], bonus(scan, k));
  }

  // Largest gain of a single move, at least 0: in each task, or in all of them.
  std::vector<double> best_gains() const {
    std::vector<double> out;
    if (common_) {
      double most = 0.0;
      for (const double gain : common_gains()) most = std::max(most, gain);
      return {most};
    }
    for (std::size_t k = 0; k < tasks(); ++k) {
      const CoupledScan scan(*data_, core_, k);
      out.push_back(best_single(scan, caps_[k], bonus(scan, k), 0.0).gain);
    }
    return out;
  }
  std::vector<double> tolerances() const {
    if (common_) return {tolerance()};
    std::vector<double> out;
    for (std::size_t k = 0; k < tasks(); ++k) out.push_back(tolerance(k));
    return out;
  }

 private:
  friend class CoupledPairs;
  double penalty_rounding() const { return 1e-15 * delta_ * static_cast<double>(tasks()); }
  struct Trial {
    CoupledCore core;
    double value;
    bool found;
  };

  double value(const CoupledCore& core) const { return core.value(delta_); }

  Bonus bonus(const CoupledScan& scan, std::size_t k) const { return bonus(scan, k, core_); }
  Bonus bonus(const CoupledScan& scan, std::size_t k, const CoupledCore& core) const {
    Bonus out;
    if (delta_ == 0.0) return out;
    out.unit = penalty_unit(delta_, tasks());
    out.entry_units.assign(scan.candidates(), penalty_units(0, 1, tasks()));
    const auto& border = core.border();
    for (std::size_t b = 0; b < border.slots(); ++b) {
      const Index l = border.holders(b) > 0 ? data_->views[k]->local(border.column(b)) : -1;
      if (l >= 0) out.entry_units[l] = penalty_units(border.holders(b), 1, tasks());
    }
    for (std::size_t l = 0; l < scan.candidates(); ++l)
      if (!scan.open(l)) out.entry_units[l] = -kInfinity;
    for (const double units : out.entry_units) out.entry.push_back(out.unit * units);
    for (std::size_t i = 0; i < scan.size(); ++i)
      out.exit_units.push_back(penalty_units(core.holders(k, i), -1, tasks()));
    return out;
  }

  bool polish_singles(const std::function<bool()>& poll) {
    std::vector<std::size_t> tried(tasks(), 0);
    for (std::size_t idle = 0, k = 0; idle < tasks(); k = (k + 1) % tasks()) {
      if (poll()) return false;
      const CoupledScan scan(*data_, core_, k);
      const Move move = best_single(scan, caps_[k], bonus(scan, k), tolerance(k));
      if ((move.in < 0 && move.out < 0) || ++tried[k] > most_moves(caps_[k]) || !perform(k, move)) {
        ++idle;
        continue;
      }
      idle = 0;
    }
    return true;
  }

  // False, and all is as before, where the column may not enter or numbers computed afresh show that the gain was rounding.
  bool perform(std::size_t k, const Move& move) {
    auto before = core_.mark(k);
    const double value_before = value(core_);
    if (move.out >= 0) core_.leave(k, static_cast<std::size_t>(move.out));
    if ((move.in < 0 || core_.enter(k, move.in)) && holds_up(value_before)) return true;
    core_.restore(std::move(before));
    return false;
  }
  bool accept(CoupledCore next) {
    std::swap(core_, next);
    if (holds_up(value(next))) return true;
    core_ = std::move(next);
    return false;
  }
  // After a move: from time to time, and where digits were lost, the value is computed afresh.
  bool holds_up(double value_before) {
    ++moves_;
    if (++since_rebuild_ < std::max(kRebuild, core_.size()) && !core_.delicate()) return true;
    const CoupledCore updated = core_;
    std::vector<std::vector<Index>> supports;
    for (std::size_t k = 0; k < tasks(); ++k) supports.push_back(support(k));
    load(supports);
    if (value(core_) > value_before) return true;
    core_ = updated;
    return false;
  }

  CoupledCore without(Index j) const {
    CoupledCore rest = core_;
    rest.leave_all(j);
    return rest;
  }

  Index least_missed_by_all() const {
    Index least = -1;
    double most = -kInfinity;
    for (const Index j : core_.held()) {
      const double left = value(without(j));
      if (left > most) {
        most = left;
        least = j;
      }
    }
    return least;
  }

  // Common support: gains of entry over all candidates are exact, so the best is tried first and nearly always taken.
  void best_entry(const CoupledCore& from, Trial& best) const {
    const auto gains = GroupScan(*data_, from).gains();
    const std::size_t l = static_cast<std::size_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
    if (value(from) + gains[l] <= best.value) return;
    CoupledCore trial = from;
    if (enter_all(trial, data_->views[0]->global(static_cast<Index>(l)))) keep_if_better(trial, best);
  }
  // False, and the core is of no more use, where column j may not enter every task.
  bool enter_all(CoupledCore& core, Index j) const {
    for (std::size_t k = 0; k < tasks(); ++k) {
      const Index l = data_->views[k]->local(j);
      if (l < 0 || !core.enter(k, l)) return false;
    }
    return true;
  }
  bool improve_common(const std::function<bool()>& poll) {
    Trial best{core_, value(core_) + tolerance(), false};
    if (core_.count(0) < caps_[0]) best_entry(core_, best);
    for (const Index out : core_.held()) {
      if (poll()) break;
      best_entry(without(out), best);
    }
    return best.found && accept(std::move(best.core));
  }
  std::vector<double> common_gains() const {
    const double here = value(core_);
    std::vector<double> best;
    if (core_.count(0) < caps_[0]) best = GroupScan(*data_, core_).gains();
    for (const Index out : core_.held()) {
      const CoupledCore rest = without(out);
      auto gains = GroupScan(*data_, rest).gains();
      for (auto& gain : gains) gain += value(rest) - here;
      if (best.empty()) best.assign(gains.size(), -kInfinity);
      for (std::size_t l = 0; l < gains.size(); ++l) best[l] = std::max(best[l], gains[l]);
    }
    for (const Index j : core_.held()) best[data_->views[0]->local(j)] = -kInfinity;
    return best;
  }

  bool improve_group(const std::function<bool()>& poll) {
    const double least = value(core_) + tolerance();
    GroupMoves moves(*data_, caps_, delta_, poll);
    const GroupMove best = moves.any(core_, least);
    if (!best.found) return false;
    CoupledCore next = core_;
    moves.make(best, next);
    return value(next) > least && accept(std::move(next));
  }

  std::size_t least_missed(std::size_t k) const {
    auto cost = core_.exit_costs(k);
    for (std::size_t i = 0; i < cost.size(); ++i) cost[i] -= penalty_gain(delta_, core_.holders(k, i), -1, tasks());
    return static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
  }
  void keep_if_better(const CoupledCore& trial, Trial& best) const {
    const double here = value(trial);
    if (here > best.value) best = {trial, here, true};
  }

  static constexpr std::size_t kRebuild = 25;
  std::shared_ptr<CoupledData> data_;
  std::vector<std::size_t> caps_;
  double delta_;
  bool common_;
  std::vector<Yardstick> sticks_;
  CoupledCore core_;
  long moves_ = 0;
  std::size_t since_rebuild_ = 0;
};

}  // namespace sparsekin
