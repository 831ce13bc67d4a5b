// Two columns leave and two others join with lambda_2 > 0: in all tasks at once, or in one task. Each first column is
// entered on a copy; the gains of all second ones are exact. Likewise every support that all tasks may share.
#pragma once
#include <vector>

#include "l0/coupled.hpp"

namespace sparsekin {

class CoupledPairs {
 public:
  explicit CoupledPairs(Coupled& search) : search_(search), best_{search.core_, 0.0, false} {}

  // Perform the best exchange; false where none gains more than the tolerance.
  bool improve(const std::function<bool()>& poll) {
    best_ = {search_.core_, search_.value(search_.core_) + search_.tolerance(), false};
    const auto held = search_.core_.held();
    for (std::size_t i = 0; i < held.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        if (poll()) return false;
        CoupledCore rest = search_.without(held[i]);
        rest.leave_all(held[j]);
        join_all(rest);
      }
    for (std::size_t k = 0; k < search_.tasks() && !search_.common_; ++k) exchange_in(k);
    return best_.found && search_.accept(std::move(best_.core));
  }

  // The best full common support, where it is better than what the tasks share.
  bool exhaust(const std::function<bool()>& poll) {
    best_ = {search_.core_, search_.value(search_.core_) + search_.tolerance(), false};
    descend(CoupledCore(*search_.data_), 0, search_.caps_[0], poll);
    return best_.found && search_.accept(std::move(best_.core));
  }

 private:
  void descend(const CoupledCore& prefix, std::size_t from, std::size_t left, const std::function<bool()>& poll) {
    if (left == 0 || poll()) return;
    if (left == 1) return search_.best_entry(prefix, best_);
    for (std::size_t l = from; l < search_.data_->aligned(); ++l) {
      CoupledCore longer = prefix;
      const Index j = search_.data_->views[0]->global(static_cast<Index>(l));
      if (search_.enter_all(longer, j)) descend(longer, l + 1, left - 1, poll);
    }
  }
  void join_all(const CoupledCore& rest) {
    for (std::size_t k = 0; k < search_.tasks(); ++k)
      if (rest.count(k) + 2 > search_.caps_[k]) return;
    for (std::size_t l = 0; l < search_.data_->aligned(); ++l) {
      CoupledCore trial = rest;
      const Index j = search_.data_->views[0]->global(static_cast<Index>(l));
      if (search_.enter_all(trial, j)) search_.best_entry(trial, best_);
    }
  }

  void exchange_in(std::size_t k) {
    const auto mine = search_.support(k);
    for (std::size_t i = 0; i < mine.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        CoupledCore rest = search_.core_;
        rest.leave(k, rest.find(k, mine[i]));
        rest.leave(k, rest.find(k, mine[j]));
        join(rest, k);
      }
  }
  void join(const CoupledCore& rest, std::size_t k) {
    for (std::size_t l = 0; l < search_.data_->views[k]->size(); ++l) {
      CoupledCore trial = rest;
      if (!trial.enter(k, static_cast<Index>(l))) continue;
      const CoupledScan scan(*search_.data_, trial, k);
      const double here = search_.value(trial);
      Move move{best_.value - here, -1, -1};
      scan_entries(scan, search_.bonus(scan, k, trial), move);
      if (move.in >= 0 && trial.enter(k, move.in)) search_.keep_if_better(trial, best_);
    }
  }

  Coupled& search_;
  Coupled::Trial best_;
};

}  // namespace sparsekin
