// What a column entering many tasks, and others leaving them, would bring with lambda_2 > 0, the core itself untouched:
// the border is a copy, P_k is copied where a coefficient of task k leaves.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "l0/coupled_core.hpp"

namespace sparsekin {

struct GroupStep {
  std::size_t task;
  Index global;
  bool enters;
};

class GroupTrial {
 public:
  GroupTrial(const CoupledData& data, double delta) : data_(data), delta_(delta), tasks_(data.tasks()) {}

  // The core trials start from; it must outlive them.
  void set_core(const CoupledCore& core) { core_ = &core; }

  // Back to the core, `joining` about to enter.
  void start(Index joining) {
    joining_ = joining;
    border_ = core_->border();
    explained_ = core_->explained();
    slot_ = border_.find(joining);
    fresh_ = slot_ == border_.slots();
    steps_.clear();
    for (std::size_t k = 0; k < tasks_.size(); ++k) {
      tasks_[k].count = core_->count(k);
      tasks_[k].entered = tasks_[k].copied = false;
    }
  }

  // The column enters task k as its candidate l, where it may; to be called before any exit.
  void enter(std::size_t k, Index l) {
    const auto& block = core_->block(k);
    auto& task = tasks_[k];
    const std::size_t n = block.size();
    if (!data_.views[k]->usable(l) || block.find(slot_) < n) return;
    if (fresh_) slot_ = border_.add(joining_, data_.link(k, l));
    fresh_ = false;
    u_.assign(block.P.width(), 0.0);
    for (std::size_t i = 0; i < n; ++i) u_[i] = (*block.rows[i])[l];
    task.v.assign(block.P.next_width(), 0.0);
    block.P.add_product(u_.data(), task.v.data());
    task.own = data_.diag(k, l) + data_.link(k, l) - leaf::dot(u_.data(), task.v.data(), n);
    const double h = task.own - border_.look(block.slot.data(), task.v.data(), n, slot_);
    if (!(h > data_.floor(k, l))) return;
    double g = data_.c[k][l] + border_.q(slot_);
    for (std::size_t i = 0; i < n; ++i) g -= task.v[i] * (block.c[i] + border_.q(block.slot[i]));
    border_.move(1.0 / h, g / h);
    border_.take(slot_);
    explained_ += 0.5 * g * g / h;
    task.entered = true;
    task.c = data_.c[k][l];
    ++task.count;
    steps_.push_back({k, joining_, true});
  }

  // Until task k holds no more than `cap`: what it misses least leaves, the joining column stays.
  void evict(std::size_t k, std::size_t cap) {
    while (tasks_[k].count > cap) {
      const auto& task = copied(k);
      const auto cost = exit_costs(task);
      std::size_t least = task.slot.size();
      for (std::size_t i = 0; i < task.slot.size(); ++i)
        if (task.slot[i] != slot_ && !task.gone[i] && (least == task.slot.size() || cost[i] < cost[least])) least = i;
      if (least == task.slot.size()) return;
      leave(k, least);
    }
  }
  // One coefficient of task k that costs more than it brings leaves; false where there is none.
  bool drop_useless(std::size_t k) {
    if (!generous(k)) return false;
    const auto& task = copied(k);
    const auto cost = exit_costs(task);
    for (std::size_t i = 0; i < task.slot.size(); ++i)
      if (!task.gone[i] && cost[i] < 0.0) {
        leave(k, i);
        return true;
      }
    return false;
  }

  // How far the quadratic is below its value without columns; exits only lower it.
  double explained() const { return explained_; }
  double value() const { return explained_ - core_->penalty_of(border_, delta_); }
  const std::vector<GroupStep>& steps() const { return steps_; }

 private:
  struct Task {
    std::size_t count = 0;
    bool entered = false, copied = false;
    std::vector<double> v;  // P times the column that entered, and what is left of its diagonal entry
    double own = 0.0, c = 0.0;
    Inverse P;  // from here on as of the last exit
    std::vector<std::size_t> slot;
    std::vector<char> gone;
  };

  double exit_bonus(std::size_t b) const {
    return delta_ == 0.0 ? 0.0 : penalty_gain(delta_, border_.holders(b), -1, data_.tasks());
  }
  // Whether the penalty would thank task k for any exit.
  bool generous(std::size_t k) const {
    if (tasks_[k].entered && exit_bonus(slot_) > 0.0) return true;
    const auto& slots = core_->block(k).slot;
    return std::any_of(slots.begin(), slots.end(), [&](std::size_t b) { return exit_bonus(b) > 0.0; });
  }

  Task& copied(std::size_t k) {
    auto& task = tasks_[k];
    if (task.copied) return task;
    const auto& block = core_->block(k);
    task.P = block.P;
    task.slot = block.slot;
    if (task.entered) {
      task.P.grow(task.v.data(), task.own);
      task.slot.push_back(slot_);
    }
    task.gone.assign(task.slot.size(), 0);
    task.copied = true;
    return task;
  }
  // (1/2) beta_i^2 / M_ii less the bonus; of no use where i is gone.
  const std::vector<double>& exit_costs(const Task& task) {
    const std::size_t n = task.slot.size(), width = task.P.width();
    links_.resize(n * width);
    for (std::size_t i = 0; i < n; ++i) {
      const double* Q = border_.row(task.slot[i]);
      for (std::size_t j = 0; j < n; ++j) links_[i * width + j] = Q[task.slot[j]];
      std::fill(links_.data() + i * width + n, links_.data() + (i + 1) * width, 0.0);
    }
    cost_.assign(n, 0.0);
    leaf::add_forms(task.P.data(), links_.data(), n, width, cost_.data());
    pull(task);
    beta_.assign(width, 0.0);
    task.P.add_product(pull_.data(), beta_.data());
    for (std::size_t i = 0; i < n; ++i) cost_[i] = 0.5 * beta_[i] * beta_[i] / cost_[i] - exit_bonus(task.slot[i]);
    return cost_;
  }
  void pull(const Task& task) {
    const auto& block = core_->block(static_cast<std::size_t>(&task - tasks_.data()));
    pull_.assign(task.P.width(), 0.0);
    for (std::size_t i = 0; i < task.slot.size(); ++i)
      pull_[i] = (i < block.size() ? block.c[i] : task.c) + border_.q(task.slot[i]);
  }

  void leave(std::size_t k, std::size_t i) {
    auto& task = tasks_[k];
    const std::size_t n = task.slot.size(), b = task.slot[i];
    const double* w = task.P.row(i);
    const double d = w[i] + border_.look(task.slot.data(), w, n, border_.slots());
    pull(task);
    const double beta = leaf::dot(w, pull_.data(), n);
    steps_.push_back({k, border_.column(b), false});
    border_.move(-1.0 / d, beta / d);
    border_.vacate(b);
    explained_ -= 0.5 * beta * beta / d;
    task.P.fade(i);
    task.gone[i] = 1;
    --task.count;
  }

  const CoupledData& data_;
  double delta_;
  const CoupledCore* core_ = nullptr;
  Index joining_ = -1;
  std::size_t slot_ = 0;
  bool fresh_ = false;
  double explained_ = 0.0;
  LinkBorder border_;
  std::vector<Task> tasks_;
  std::vector<double> u_, pull_, links_, cost_, beta_;
  std::vector<GroupStep> steps_;
};

}  // namespace sparsekin
