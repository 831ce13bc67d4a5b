// The coefficients of all tasks with lambda_2 > 0 (coupled_data.hpp). Beside its links a task is on its own, and the links
// of a column pass through its mean over the tasks:
//   M = H_AA^-1 = P + P E Q E' P,   P_k = (G_k + lambda_1 + lambda_2)^-1 on the columns of task k,   beta_k = P_k (c_k + q),
// E says which coefficient belongs to which column, Q and q are those of link_border.hpp. One coefficient enters or
// leaves exactly in O(s^2 + u^2), s columns in the task, u in all, whatever the number of tasks.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "l0/coupled_data.hpp"
#include "l0/link_border.hpp"
#include "l0/penalty.hpp"

namespace sparsekin {

// What one task holds, in order of entry.
struct TaskBlock {
  std::vector<Index> local;
  std::vector<std::size_t> slot;  // of each column in the border
  std::vector<View::Row> rows;    // of G_k over its candidates
  std::vector<double> c;
  Inverse P;

  std::size_t size() const { return local.size(); }
  // size() where it is not there.
  std::size_t find(std::size_t b) const {
    return static_cast<std::size_t>(std::find(slot.begin(), slot.end(), b) - slot.begin());
  }
  // Column l of G_k over the columns held, padded for P.
  std::vector<double> column(Index l) const {
    std::vector<double> u(P.width());
    for (std::size_t i = 0; i < size(); ++i) u[i] = (*rows[i])[l];
    return u;
  }
  // c + q, padded for P.
  std::vector<double> pull(const LinkBorder& border) const {
    std::vector<double> out(P.width());
    for (std::size_t i = 0; i < size(); ++i) out[i] = c[i] + border.q(slot[i]);
    return out;
  }
  // Q over the columns held, as wide as P.
  std::vector<double> links(const LinkBorder& border) const {
    std::vector<double> out(size() * P.width());
    for (std::size_t i = 0; i < size(); ++i) {
      const double* Q = border.row(slot[i]);
      for (std::size_t j = 0; j < size(); ++j) out[i * P.width() + j] = Q[slot[j]];
    }
    return out;
  }
};

class CoupledCore {
 public:
  explicit CoupledCore(const CoupledData& data) : data_(&data), blocks_(data.tasks()) {}

  std::size_t tasks() const { return blocks_.size(); }
  // Coefficients of all tasks.
  std::size_t size() const {
    std::size_t n = 0;
    for (const auto& block : blocks_) n += block.size();
    return n;
  }
  std::size_t count(std::size_t k) const { return blocks_[k].size(); }
  const TaskBlock& block(std::size_t k) const { return blocks_[k]; }
  const LinkBorder& border() const { return border_; }
  // Whether a column entered that others nearly explain: updates lose digits then.
  bool delicate() const { return delicate_; }
  Index column(std::size_t k, std::size_t i) const { return border_.column(blocks_[k].slot[i]); }
  int holders(std::size_t k, std::size_t i) const { return border_.holders(blocks_[k].slot[i]); }
  // Position of column j in task k, count(k) where it is not held.
  std::size_t find(std::size_t k, Index column) const {
    const std::size_t b = border_.find(column);
    return b < border_.slots() ? blocks_[k].find(b) : count(k);
  }
  // Columns held by more than `few` tasks, ascending.
  std::vector<Index> held(std::size_t few = 0) const {
    std::vector<Index> out;
    for (std::size_t b = 0; b < border_.slots(); ++b)
      if (static_cast<std::size_t>(border_.holders(b)) > few) out.push_back(border_.column(b));
    std::sort(out.begin(), out.end());
    return out;
  }

  std::vector<double> beta(std::size_t k) const {
    std::vector<double> out(blocks_[k].P.width());
    blocks_[k].P.add_product(blocks_[k].pull(border_).data(), out.data());
    return out;
  }
  // Of M, task k.
  std::vector<double> diagonal(std::size_t k) const {
    const auto& block = blocks_[k];
    std::vector<double> out(block.size());
    leaf::add_forms(block.P.data(), block.links(border_).data(), block.size(), block.P.width(), out.data());
    return out;
  }
  // What F loses with each coefficient of task k.
  std::vector<double> exit_costs(std::size_t k) const {
    auto out = diagonal(k);
    const auto b = beta(k);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = 0.5 * b[i] * b[i] / out[i];
    return out;
  }

  // False, and nothing changes, where the column is there already or lies in the span of what is.
  bool enter(std::size_t k, Index l) {
    auto& view = *data_->views[k];
    auto& block = blocks_[k];
    if (!view.usable(l)) return false;
    const Index column = view.global(l);
    std::size_t b = border_.find(column);
    const bool fresh = b == border_.slots();
    if (!fresh && block.find(b) < block.size()) return false;
    const double link = data_->link(k, l);
    const auto u = block.column(l);
    std::vector<double> v(block.P.next_width());
    block.P.add_product(u.data(), v.data());
    const double own = data_->diag(k, l) + link - leaf::dot(u.data(), v.data(), block.size());
    const double through = border_.look(block.slot.data(), v.data(), block.size(), b) + (fresh ? link : 0.0);
    const double h = own - through;
    if (!(h > data_->floor(k, l))) return false;
    delicate_ = delicate_ || h < kDelicate * (view.diag(l) + data_->lambda_1);
    const double g = data_->c[k][l] + (fresh ? 0.0 : border_.q(b)) - leaf::dot(v.data(), block.pull(border_).data(), block.size());
    if (fresh) {
      b = border_.add(column, link);
      border_.look(block.slot.data(), v.data(), block.size(), b);
    }
    border_.move(1.0 / h, g / h);
    border_.take(b);
    block.P.grow(v.data(), own);
    block.local.push_back(l);
    block.slot.push_back(b);
    block.rows.push_back(view.row(l));
    block.c.push_back(data_->c[k][l]);
    explained_ += 0.5 * g * g / h;
    return true;
  }

  void leave(std::size_t k, std::size_t i) {
    auto& block = blocks_[k];
    const std::size_t n = block.size(), b = block.slot[i];
    const double* w = block.P.row(i);
    const double d = w[i] + border_.look(block.slot.data(), w, n, border_.slots());
    const double beta = leaf::dot(w, block.pull(border_).data(), n);
    border_.move(-1.0 / d, beta / d);
    explained_ -= 0.5 * beta * beta / d;
    block.P.erase(i);
    const auto drop = [&](auto& list) {
      list[i] = std::move(list[n - 1]);
      list.pop_back();
    };
    drop(block.local), drop(block.slot), drop(block.rows), drop(block.c);
    border_.release(b);
  }
  // Column j leaves every task.
  void leave_all(Index column) {
    const std::size_t b = border_.find(column);
    if (b == border_.slots()) return;
    for (std::size_t k = 0; k < tasks(); ++k)
      if (const std::size_t i = blocks_[k].find(b); i < count(k)) leave(k, i);
  }

  // What task k adds to the quadratic at beta, penalties left out.
  double loss(std::size_t k) const {
    const auto& block = blocks_[k];
    const auto b = beta(k);
    double sum = 0.0;
    for (std::size_t i = 0; i < block.size(); ++i) {
      double fit = 0.0;
      for (std::size_t j = 0; j < block.size(); ++j) fit += b[j] * (*block.rows[i])[block.local[j]];
      sum += b[i] * (0.5 * fit - block.c[i]);
    }
    return sum;
  }
  // How far the quadratic is below its value at A = {}.
  double explained() const { return explained_; }
  // The same, less the Zbar term.
  double value(double delta) const { return explained_ - penalty_of(border_, delta); }
  double penalty_of(const LinkBorder& border, double delta) const {
    double sum = 0.0;
    for (std::size_t b = 0; delta != 0.0 && b < border.slots(); ++b) sum += penalty(delta, border.holders(b), tasks());
    return sum;
  }

  // All that a move in one task changes.
  struct Mark {
    std::size_t task;
    TaskBlock block;
    LinkBorder border;
    double explained;
    bool delicate;
  };
  Mark mark(std::size_t k) const { return {k, blocks_[k], border_, explained_, delicate_}; }
  void restore(Mark mark) {
    blocks_[mark.task] = std::move(mark.block);
    border_ = std::move(mark.border);
    explained_ = mark.explained;
    delicate_ = mark.delicate;
  }

 private:
  static constexpr double kDelicate = 1e-6;
  const CoupledData* data_;
  std::vector<TaskBlock> blocks_;
  LinkBorder border_;
  double explained_ = 0.0;
  bool delicate_ = false;
};

}  // namespace sparsekin
