// The coefficients of all tasks with lambda_2 > 0 (coupled_data.hpp): M = H_AA^-1 and beta. One coordinate (k, l) enters
// or leaves exactly in O(|A|^2).
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "l0/coupled_data.hpp"
#include "l0/penalty.hpp"

namespace sparsekin {

struct Coordinate {
  std::size_t task;
  Index local, global;
  View::Row row;  // of G_k over its candidates
};

class CoupledCore {
 public:
  explicit CoupledCore(const CoupledData& data) : data_(&data) {}

  std::size_t size() const { return A_.size(); }
  // Whether a column entered that others nearly explain: updates lose digits then.
  bool delicate() const { return delicate_; }
  const Coordinate& at(std::size_t a) const { return A_[a]; }
  double beta(std::size_t a) const { return beta_[a]; }
  double M(std::size_t a, std::size_t b) const { return row(a)[b]; }
  const double* row(std::size_t a) const { return M_.data() + a * stride_; }
  double exit_cost(std::size_t a) const { return 0.5 * beta_[a] * beta_[a] / M(a, a); }

  std::size_t count(std::size_t k) const {
    std::size_t n = 0;
    for (const auto& a : A_) n += a.task == k;
    return n;
  }
  // Position of (k, column j), or size() where it is not active.
  std::size_t find(std::size_t k, Index global) const {
    std::size_t a = 0;
    while (a < A_.size() && !(A_[a].task == k && A_[a].global == global)) ++a;
    return a;
  }
  // Columns held by any task, ascending.
  std::vector<Index> held() const {
    std::vector<Index> out;
    for (const auto& a : A_) out.push_back(a.global);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  int holders(Index global) const {
    int m = 0;
    for (const auto& a : A_) m += a.global == global;
    return m;
  }

  bool enter(std::size_t k, Index l) {
    auto& view = *data_->views[k];
    if (!view.usable(l) || find(k, view.global(l)) < size()) return false;
    const auto u = column(k, l), v = solve(u);
    const double full = data_->diag(k, l), h = full - leaf::dot(u.data(), v.data(), size());
    if (!(h > data_->floor(k, l))) return false;
    delicate_ = delicate_ || h < kDelicate * (view.diag(l) + data_->lambda_1);
    const double step = (data_->c[k][l] - leaf::dot(u.data(), beta_.data(), size())) / h;
    const std::size_t n = size();
    reserve(n + 1);
    for (std::size_t a = 0; a < n; ++a) {
      leaf::axpy(v[a] / h, v.data(), row(a), n);
      row(a)[n] = row(n)[a] = -v[a] / h;
      beta_[a] -= v[a] * step;
    }
    row(n)[n] = 1.0 / h;
    beta_.push_back(step);
    A_.push_back({k, l, view.global(l), view.row(l)});
    return true;
  }

  void leave(std::size_t r) {
    const std::size_t n = size(), last = n - 1;
    const std::vector<double> out(row(r), row(r) + n);
    const double d = out[r], step = beta_[r] / d;
    for (std::size_t a = 0; a < n; ++a) {
      if (a == r) continue;
      beta_[a] -= out[a] * step;
      leaf::axpy(-out[a] / d, out.data(), row(a), n);
    }
    if (r != last) {
      std::copy(row(last), row(last) + n, row(r));
      for (std::size_t a = 0; a < last; ++a) row(a)[r] = row(a)[last];
      beta_[r] = beta_[last];
      A_[r] = std::move(A_[last]);
    }
    M_.resize(last * stride_);
    beta_.pop_back();
    A_.pop_back();
  }
  // Column j leaves every task.
  void leave_all(Index global) {
    for (std::size_t a = size(); a-- > 0;)
      if (A_[a].global == global) leave(a);
  }

  // What task k adds to the quadratic at beta, penalties left out.
  double loss(std::size_t k) const {
    double sum = 0.0;
    for (std::size_t a = 0; a < size(); ++a) {
      if (A_[a].task != k) continue;
      sum -= beta_[a] * data_->c[k][A_[a].local];
      for (std::size_t b = 0; b < size(); ++b)
        if (A_[b].task == k) sum += 0.5 * beta_[a] * beta_[b] * (*A_[a].row)[A_[b].local];
    }
    return sum;
  }
  // How far the quadratic is below its value at A = {}.
  double explained() const {
    double sum = 0.0;
    for (std::size_t a = 0; a < size(); ++a) sum += beta_[a] * data_->c[A_[a].task][A_[a].local];
    return 0.5 * sum;
  }
  // The same, less the Zbar term.
  double value(double delta) const {
    double sum = explained();
    if (delta == 0.0) return sum;
    for (const Index j : held()) sum -= penalty(delta, holders(j), data_->tasks());
    return sum;
  }

 private:
  // H_A,(k,l)
  std::vector<double> column(std::size_t k, Index l) const {
    const Index global = data_->views[k]->global(l);
    std::vector<double> u(size());
    for (std::size_t a = 0; a < size(); ++a) {
      if (A_[a].task == k)
        u[a] = (*A_[a].row)[l];
      else if (A_[a].global == global)
        u[a] = -data_->link(k, l);
    }
    return u;
  }
  std::vector<double> solve(const std::vector<double>& u) const {
    std::vector<double> v(size());
    for (std::size_t a = 0; a < size(); ++a) v[a] = leaf::dot(row(a), u.data(), size());
    return v;
  }
  double* row(std::size_t a) { return M_.data() + a * stride_; }
  // Room for M of n rows, those there are kept.
  void reserve(std::size_t n) {
    if (n > stride_) {
      const std::size_t old = stride_;
      std::vector<double> wider;
      stride_ = (n + kStep - 1) / kStep * kStep;
      wider.reserve(stride_ * stride_);
      wider.resize(size() * stride_);
      for (std::size_t a = 0; a < size(); ++a)
        std::copy(M_.data() + a * old, M_.data() + a * old + size(), wider.data() + a * stride_);
      M_ = std::move(wider);
    }
    M_.resize(n * stride_);
  }

  static constexpr double kDelicate = 1e-6;
  static constexpr std::size_t kStep = 16;
  const CoupledData* data_;
  bool delicate_ = false;
  std::vector<Coordinate> A_;
  std::vector<double> M_;  // one row of A_.size() numbers after the other, stride_ apart
  std::size_t stride_ = 0;
  std::vector<double> beta_;
};

}  // namespace sparsekin
