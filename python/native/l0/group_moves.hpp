// Heterogeneous supports with lambda_2 > 0: a column leaves every task that holds it, another enters every task with
// room or something to spare. The columns that look best are tried, the best trial is the move.
#pragma once
#include <functional>
#include <vector>

#include "l0/coupled_trials.hpp"
#include "l0/group_trial.hpp"

namespace sparsekin {

struct GroupMove {
  double value;
  Index out = -1;
  std::vector<GroupStep> steps;  // after `out` has left
  bool found = false;
};

class GroupMoves {
 public:
  GroupMoves(const CoupledData& data, const std::vector<std::size_t>& caps, double delta, std::function<bool()> poll)
      : data_(data), caps_(caps), delta_(delta), poll_(std::move(poll)), trial_(data, delta) {}

  // The best entry of a column with a value above `least`.
  GroupMove entry(const CoupledCore& core, double least) {
    GroupMove best{least};
    consider_likely(core, -1, best);
    return best;
  }
  // The best entry, exit or exchange.
  GroupMove any(const CoupledCore& core, double least) {
    GroupMove best = entry(core, least);
    CoupledCore rest(data_);
    for (const Index out : core.held(data_.tasks() / kFew)) {
      if (poll_()) break;
      rest = core;
      rest.leave_all(out);
      const double here = rest.value(delta_);
      if (here > best.value) best = {here, out, {}, true};
      consider_likely(rest, out, best);
    }
    return best;
  }

  // The move made; where an entry is refused after all, the rest of it.
  void make(const GroupMove& move, CoupledCore& core) const {
    if (move.out >= 0) core.leave_all(move.out);
    for (const auto& step : move.steps) {
      if (step.enters)
        core.enter(step.task, data_.views[step.task]->local(step.global));
      else if (const std::size_t i = core.find(step.task, step.global); i < core.count(step.task))
        core.leave(step.task, i);
    }
  }

 private:
  // What fewer than one task in eight holds is not exchanged as a group: a task leaves it as well by itself.
  static constexpr std::size_t kFew = 8;
  void consider_likely(const CoupledCore& from, Index out, GroupMove& best) {
    trial_.set_core(from);
    for (const Index j : worth_trying(data_, from, poll_)) {
      if (poll_()) return;
      if (j != out) consider(j, out, best);
    }
  }
  // Column j enters every task where it may; tasks that hold too many evict what they miss least. Given up where no exit
  // could make it better than the best so far.
  void consider(Index j, Index out, GroupMove& best) {
    trial_.start(j);
    for (std::size_t k = 0; k < data_.tasks(); ++k) {
      const Index l = data_.views[k]->local(j);
      if (l >= 0 && caps_[k] > 0) trial_.enter(k, l);
    }
    for (std::size_t k = 0; k < data_.tasks(); ++k) {
      if (!(trial_.explained() > best.value)) return;
      trial_.evict(k, caps_[k]);
    }
    offer(out, best);
    for (bool dropped = delta_ != 0.0; dropped;) {
      dropped = false;
      for (std::size_t k = 0; k < data_.tasks(); ++k)
        while (trial_.explained() > best.value && trial_.drop_useless(k)) {
          offer(out, best);
          dropped = true;
        }
    }
  }
  void offer(Index out, GroupMove& best) const {
    const double here = trial_.value();
    if (here > best.value) best = {here, out, trial_.steps(), true};
  }

  const CoupledData& data_;
  const std::vector<std::size_t>& caps_;
  double delta_;
  std::function<bool()> poll_;
  GroupTrial trial_;
};

}  // namespace sparsekin
