// What links the tasks (coupled_core.hpp): one slot for each column that any task holds,
//   Q = (L^-1 - sum_k P_k)^-1,   q = Q sum_k P_k c_k,
// L the links lambda_2 / K, each P_k spread over the slots of its columns. Columns without a slot have Q_jj = L_j, q_j = 0.
// Where P_k gains f w w', Q loses f' Q w w' Q; w lies in the slots of one task.
#pragma once
#include <algorithm>
#include <vector>

#include "l0/inverse.hpp"
#include "l0/source.hpp"

namespace sparsekin {

class LinkBorder {
 public:
  std::size_t slots() const { return columns_.size(); }
  std::size_t width() const { return width_; }
  // -1 where the slot is free.
  Index column(std::size_t b) const { return columns_[b]; }
  int holders(std::size_t b) const { return holders_[b]; }
  const double* row(std::size_t b) const { return Q_.data() + b * width_; }
  double q(std::size_t b) const { return q_[b]; }
  // slots() where no task holds the column.
  std::size_t find(Index column) const {
    return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin());
  }

  // A slot for a column that has none.
  std::size_t add(Index column, double link) {
    const std::size_t b = find(kFree);
    if (b == slots()) {
      columns_.push_back(kFree);
      holders_.push_back(0);
      widen(slots());
    }
    columns_[b] = column;
    at(b)[b] = link;
    return b;
  }
  void take(std::size_t b) { ++holders_[b]; }
  // One task holds the column no more.
  void vacate(std::size_t b) { --holders_[b]; }
  // The same; without any task the slot is free.
  void release(std::size_t b) {
    vacate(b);
    if (holders_[b] > 0) return;
    columns_[b] = kFree;
    q_[b] = 0.0;
    for (std::size_t i = 0; i < slots(); ++i) at(i)[b] = at(b)[i] = 0.0;
  }

  // w' Q w for w in n slots, less 1 in the slot `minus` if that is one. Q w is kept for `move`.
  double look(const std::size_t* slot, const double* w, std::size_t n, std::size_t minus) {
    rows_.clear();
    for (std::size_t i = 0; i < n; ++i) rows_.push_back(row(slot[i]));
    Qw_.assign(width_, 0.0);
    leaf::combine(rows_.data(), w, n, Qw_.data(), width_);
    if (minus < slots()) leaf::axpy(-1.0, row(minus), Qw_.data(), width_);
    double form = minus < slots() ? -Qw_[minus] : 0.0;
    for (std::size_t i = 0; i < n; ++i) form += w[i] * Qw_[slot[i]];
    return form;
  }
  // Q += factor Q w w' Q and q -= step Q w, w the last that was looked at.
  void move(double factor, double step) {
    leaf::add_square(factor, Qw_.data(), slots(), Q_.data(), width_);
    leaf::axpy(-step, Qw_.data(), q_.data(), width_);
  }

 private:
  static constexpr Index kFree = -1;
  double* at(std::size_t b) { return Q_.data() + b * width_; }
  void widen(std::size_t n) {
    if (n > width_) {
      const std::size_t old = width_;
      width_ = padded(n);
      std::vector<double> wider((n - 1) * width_);
      for (std::size_t b = 0; b + 1 < n; ++b) std::copy(Q_.data() + b * old, Q_.data() + (b + 1) * old, wider.data() + b * width_);
      Q_ = std::move(wider);
      q_.resize(width_);
    }
    Q_.resize(n * width_);
  }

  std::vector<Index> columns_;
  std::vector<int> holders_;
  std::size_t width_ = 0;
  std::vector<double> Q_, q_, Qw_;
  std::vector<const double*> rows_;
};

}  // namespace sparsekin
