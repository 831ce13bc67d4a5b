// What a few coordinates entering and leaving would bring with lambda_2 > 0, the core itself untouched:
//   M = M_core + sum_r f_r w_r w_r',   entry: w = (v, -1), v = M u, f = 1 / h;   exit of a: w = M_a, f = -1 / M_aa.
// Only beta, the diagonal of M and the w are kept, so a move costs O(|A|) numbers for each column it reads of M.
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
  GroupTrial(const CoupledData& data, double delta) : data_(data), delta_(delta), mine_(data.tasks()), count_(data.tasks()) {}

  // The core trials start from; it must outlive them.
  void set_core(const CoupledCore& core) {
    core_ = &core;
    n_ = core.size();
    width_ = n_ + data_.tasks();
    held_ = core.held();
    beta_.assign(width_, 0.0);
    diag_.assign(width_, 0.0);
    c_.assign(width_, 0.0);
    at_.resize(width_);
    for (auto& mine : mine_) mine.clear();
    for (std::size_t a = 0; a < n_; ++a) {
      const auto& coordinate = core.at(a);
      const auto slot = std::lower_bound(held_.begin(), held_.end(), coordinate.global) - held_.begin();
      at_[a] = {coordinate.task, static_cast<std::size_t>(slot)};
      c_[a] = data_.c[coordinate.task][coordinate.local];
      mine_[coordinate.task].push_back(a);
    }
  }

  // Back to the core, `joining` about to enter.
  void start(Index joining) {
    joining_ = joining;
    const auto found = std::lower_bound(held_.begin(), held_.end(), joining);
    slot_ = found != held_.end() && *found == joining ? static_cast<std::size_t>(found - held_.begin()) : held_.size();
    holders_.assign(held_.size() + 1, 0);
    std::fill(count_.begin(), count_.end(), 0);
    same_.clear();
    gone_.assign(width_, 0);
    for (std::size_t a = 0; a < n_; ++a) {
      beta_[a] = core_->beta(a);
      diag_[a] = core_->M(a, a);
      ++holders_[at_[a].slot];
      ++count_[at_[a].task];
      if (at_[a].slot == slot_) same_.push_back(a);
    }
    total_ = n_;
    w_.clear();
    factors_.clear();
    steps_.clear();
  }

  // The column enters task k as its candidate l, where it may; to be called before any exit.
  void enter(std::size_t k, Index l) {
    auto& view = *data_.views[k];
    if (!view.usable(l)) return;
    for (const std::size_t a : same_)
      if (at_[a].task == k) return;
    const double link = data_.link(k, l);
    u_.clear();
    rows_.clear();
    share_.clear();
    for (const std::size_t a : mine_[k]) u_.push_back({a, (*core_->at(a).row)[l]});
    for (const std::size_t a : same_) u_.push_back({a, -link});
    double* v = next_row();
    double h = data_.diag(k, l), g = data_.c[k][l];
    for (const auto& [a, u] : u_) {
      if (a < n_) {
        rows_.push_back(core_->row(a));
        share_.push_back(u);
      }
      g -= u * beta_[a];
    }
    leaf::combine(rows_.data(), share_.data(), rows_.size(), v, n_);
    rows_.clear();
    share_.clear();
    for (std::size_t r = 0; r < factors_.size(); ++r) {
      const double* w = row(r);
      double dot = 0.0;
      for (const auto& [a, u] : u_) dot += u * w[a];
      rows_.push_back(w);
      share_.push_back(factors_[r] * dot);
    }
    leaf::combine(rows_.data(), share_.data(), rows_.size(), v, total_);
    for (const auto& [a, u] : u_) h -= u * v[a];
    if (!(h > data_.floor(k, l))) return w_.resize(factors_.size() * width_);
    v[total_] = -1.0;
    at_[total_] = {k, slot_};
    c_[total_] = data_.c[k][l];
    beta_[total_] = diag_[total_] = 0.0;
    same_.push_back(total_++);
    ++holders_[slot_];
    ++count_[k];
    steps_.push_back({k, joining_, true});
    update(v, 1.0 / h, g / h);
  }

  // Until task k holds no more than `cap`: what it misses least leaves, the joining column stays.
  void evict(std::size_t k, std::size_t cap) {
    while (count_[k] > cap) {
      std::size_t least = total_;
      double cost = kInfinity;
      for (const std::size_t a : mine_[k]) {
        if (gone_[a] || at_[a].slot == slot_) continue;
        const double here = exit_cost(a) - exit_bonus(a);
        if (here < cost) {
          cost = here;
          least = a;
        }
      }
      if (least == total_) return;
      leave(least);
    }
  }
  // One coefficient that costs more than it brings leaves; false where there is none.
  bool drop_useless() {
    if (delta_ == 0.0) return false;
    for (std::size_t a = 0; a < total_; ++a)
      if (!gone_[a] && exit_bonus(a) > exit_cost(a)) {
        leave(a);
        return true;
      }
    return false;
  }

  double value() const {
    double sum = 0.5 * leaf::dot(beta_.data(), c_.data(), total_);
    if (delta_ != 0.0)
      for (const int m : holders_) sum -= penalty(delta_, m, data_.tasks());
    return sum;
  }
  const std::vector<GroupStep>& steps() const { return steps_; }

 private:
  struct Place {
    std::size_t task, slot;
  };

  double exit_cost(std::size_t a) const { return 0.5 * beta_[a] * beta_[a] / diag_[a]; }
  double exit_bonus(std::size_t a) const {
    return delta_ == 0.0 ? 0.0 : penalty_gain(delta_, holders_[at_[a].slot], -1, data_.tasks());
  }

  void leave(std::size_t a) {
    double* out = next_row();
    if (a < n_) std::copy(core_->row(a), core_->row(a) + n_, out);
    rows_.clear();
    share_.clear();
    for (std::size_t r = 0; r < factors_.size(); ++r) {
      rows_.push_back(row(r));
      share_.push_back(factors_[r] * row(r)[a]);
    }
    leaf::combine(rows_.data(), share_.data(), rows_.size(), out, total_);
    --holders_[at_[a].slot];
    --count_[at_[a].task];
    steps_.push_back({at_[a].task, at_[a].slot == slot_ ? joining_ : held_[at_[a].slot], false});
    update(out, -1.0 / out[a], beta_[a] / out[a]);
    beta_[a] = 0.0;
    gone_[a] = 1;
  }

  // M and beta follow the last of the w.
  void update(const double* w, double factor, double step) {
    leaf::axpy(-step, w, beta_.data(), total_);
    leaf::add_scaled_squares(factor, w, diag_.data(), total_);
    factors_.push_back(factor);
  }

  const double* row(std::size_t r) const { return w_.data() + r * width_; }
  double* next_row() {
    w_.resize((factors_.size() + 1) * width_);
    double* out = w_.data() + factors_.size() * width_;
    std::fill(out, out + width_, 0.0);
    return out;
  }

  const CoupledData& data_;
  double delta_;
  const CoupledCore* core_ = nullptr;
  std::size_t n_ = 0, width_ = 0, total_ = 0, slot_ = 0;
  Index joining_ = -1;
  std::vector<std::vector<std::size_t>> mine_;  // coordinates of the core, task by task
  std::vector<std::size_t> count_, same_;
  std::vector<Index> held_;
  std::vector<int> holders_;  // of each held column, then of the joining one
  std::vector<Place> at_;
  std::vector<std::pair<std::size_t, double>> u_;
  std::vector<char> gone_;
  std::vector<const double*> rows_;
  std::vector<double> beta_, diag_, c_, w_, factors_, share_;
  std::vector<GroupStep> steps_;
};

}  // namespace sparsekin
