// Block coordinate descent on the rows of W for
//
//   F(W) = sum_k (yy_k - 2 c_k'W_k + W_k'A_k W_k) / 2 + lambda sum_j v_j Omega(W_j)        (estimators.md section 2)
//
// with A_k = Phi_k'Phi_k / n_k, c_k = Phi_k'y_k / n_k and Omega as in penalty.hpp, rows held to their signs.
// The duality gap on these rows says when to stop. Every five sweeps the last iterates are extrapolated (Anderson), and
// the extrapolation is taken when it lowers F.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "hal/penalty.hpp"
#include "l0/leaf.hpp"

namespace sparsekin::hal {

struct Quadratic {
  std::size_t rows, tasks;
  std::vector<const double*> A;  // per task, (rows, rows); the same pointer when tasks share a design
  const double* c;               // (tasks, rows)
  const double* v;               // (rows)
  const double* sign;            // (rows) 1, -1, or 0 where a row may have any sign
  std::vector<double> yy;        // per task
  double lambda, ratio;
};

class GroupDescent {
 public:
  // W: (tasks, rows), the start and then the answer
  GroupDescent(const Quadratic& problem, std::vector<double> W) : P_(problem), W_(std::move(W)) { refresh(); }

  const std::vector<double>& W() const { return W_; }
  double gap() const { return gap_; }
  int sweeps() const { return sweeps_; }

  template <class Stop>
  void run(double tolerance, int most, Stop stop) {
    std::vector<std::size_t> all(P_.rows);
    for (std::size_t j = 0; j < P_.rows; ++j) all[j] = j;
    history_.clear();
    for (sweeps_ = 0; sweeps_ < most;) {
      sweep(all);
      if ((gap_ = find_gap()) <= tolerance || stop()) return;
      const auto active = nonzero();
      remember();
      for (int inner = 0; inner < 10 && sweeps_ < most; ++inner) {
        const double change = sweep(active);
        remember();
        if (history_.size() > depth) extrapolate();
        if (change == 0.0) break;
      }
    }
    refresh();
    gap_ = find_gap();
  }

 private:
  static constexpr std::size_t depth = 5;

  std::vector<std::size_t> nonzero() const {
    std::vector<std::size_t> out;
    for (std::size_t j = 0; j < P_.rows; ++j)
      for (std::size_t k = 0; k < P_.tasks; ++k)
        if (W_[k * P_.rows + j] != 0.0) {
          out.push_back(j);
          break;
        }
    return out;
  }

  // g = c - A W
  void refresh() {
    g_.assign(P_.c, P_.c + P_.tasks * P_.rows);
    for (std::size_t k = 0; k < P_.tasks; ++k)
      for (std::size_t j = 0; j < P_.rows; ++j) move(j, k, W_[k * P_.rows + j]);
  }

  void move(std::size_t j, std::size_t k, double by) {
    if (by == 0.0) return;
    const double* a = P_.A[k] + j * P_.rows;
    double* g = g_.data() + k * P_.rows;
    leaf::axpy(-by, a, g, P_.rows);
  }

  double sweep(const std::vector<std::size_t>& rows) {
    const std::size_t K = P_.tasks, m = P_.rows;
    std::vector<double> h(K), u(K), w(K);
    double largest = 0.0;
    for (std::size_t j : rows) {
      for (std::size_t k = 0; k < K; ++k) {
        h[k] = P_.A[k][j * m + j];
        u[k] = g_[k * m + j] + h[k] * W_[k * m + j];
      }
      shrink(h.data(), u.data(), K, P_.lambda * P_.v[j], P_.ratio, P_.sign[j], w.data());
      for (std::size_t k = 0; k < K; ++k) {
        const double by = w[k] - W_[k * m + j];
        largest = std::max(largest, by * by * h[k]);
        move(j, k, by);
        W_[k * m + j] = w[k];
      }
    }
    ++sweeps_;
    return largest;
  }

  void row_of(const std::vector<double>& values, std::size_t j, std::vector<double>& row) const {
    for (std::size_t k = 0; k < P_.tasks; ++k) row[k] = values[k * P_.rows + j];
  }

  double objective() const {
    double loss = 0.0, penalty = 0.0;
    for (std::size_t k = 0; k < P_.tasks; ++k) loss += P_.yy[k];
    for (std::size_t i = 0; i < W_.size(); ++i) loss -= W_[i] * (P_.c[i] + g_[i]);
    std::vector<double> row(P_.tasks);
    for (std::size_t j = 0; j < P_.rows; ++j) {
      row_of(W_, j, row);
      penalty += P_.v[j] * penalty_norm(row.data(), P_.tasks, P_.ratio);
    }
    return loss / 2 + P_.lambda * penalty;
  }

  // F(W) minus the dual value of the residuals, scaled to be feasible on these rows.
  double find_gap() const {
    const std::size_t m = P_.rows;
    const bool separate = P_.ratio >= 1.0;  // the lasso is a problem of its own in each task
    double dual = 0.0, all_rr = 0.0, all_yr = 0.0, joint = 0.0;
    for (std::size_t k = 0; k < P_.tasks; ++k) {
      double rr = P_.yy[k], yr = P_.yy[k], steepest = 0.0;
      for (std::size_t j = 0; j < m; ++j) {
        const double w = W_[k * m + j];
        rr -= w * (P_.c[k * m + j] + g_[k * m + j]);
        yr -= w * P_.c[k * m + j];
        steepest = std::max(steepest, pull(g_[k * m + j], P_.sign[j]) / P_.v[j]);
      }
      if (separate) dual += dual_value(yr, rr, steepest);
      all_rr += rr;
      all_yr += yr;
    }
    if (!separate) {
      std::vector<double> row(P_.tasks);
      for (std::size_t j = 0; j < m; ++j) {
        row_of(g_, j, row);
        joint = std::max(joint, dual_norm(row.data(), P_.tasks, P_.ratio, P_.sign[j]) / P_.v[j]);
      }
      dual = dual_value(all_yr, all_rr, joint);
    }
    return objective() - dual;
  }

  double dual_value(double yr, double rr, double steepest) const {
    if (!(rr > 0.0)) return 0.0;
    double scale = yr / rr;
    if (steepest * scale > P_.lambda) scale = P_.lambda / steepest;
    return scale * yr - scale * scale * rr / 2;
  }

  void remember() {
    history_.push_back(W_);
    if (history_.size() > depth + 1) history_.erase(history_.begin());
  }

  // sum_i a_i W^(i), sum a = 1, with the least ||sum_i a_i (W^(i+1) - W^(i))||.
  void extrapolate() {
    const auto a = weights();
    history_.erase(history_.begin(), history_.end() - 1);
    if (a.empty()) return;
    const double before = objective();
    const auto old_W = W_, old_g = g_;
    W_ = candidate_;
    hold_signs();
    refresh();
    if (!(objective() < before)) {
      W_ = old_W;
      g_ = old_g;
    }
    history_.assign(1, W_);
  }

  void hold_signs() {
    for (std::size_t k = 0; k < P_.tasks; ++k)
      for (std::size_t j = 0; j < P_.rows; ++j)
        if (P_.sign[j] * W_[k * P_.rows + j] < 0.0) W_[k * P_.rows + j] = 0.0;
  }

  std::vector<double> weights() {
    std::vector<std::vector<double>> U(depth, std::vector<double>(W_.size()));
    for (std::size_t i = 0; i < depth; ++i)
      for (std::size_t e = 0; e < W_.size(); ++e) U[i][e] = history_[i + 1][e] - history_[i][e];
    std::vector<double> M(depth * depth), a(depth, 1.0);
    double trace = 0.0;
    for (std::size_t i = 0; i < depth; ++i)
      for (std::size_t l = 0; l <= i; ++l) {
        double dot = 0.0;
        for (std::size_t e = 0; e < W_.size(); ++e) dot += U[i][e] * U[l][e];
        M[i * depth + l] = M[l * depth + i] = dot;
      }
    for (std::size_t i = 0; i < depth; ++i) trace += M[i * depth + i];
    if (!(trace > 0.0)) return {};
    for (std::size_t i = 0; i < depth; ++i) M[i * depth + i] += 1e-12 * trace;
    for (std::size_t i = 0; i < depth; ++i)  // Gauss, M is positive definite
      for (std::size_t l = i + 1; l < depth; ++l) {
        const double f = M[l * depth + i] / M[i * depth + i];
        for (std::size_t e = i; e < depth; ++e) M[l * depth + e] -= f * M[i * depth + e];
        a[l] -= f * a[i];
      }
    double sum = 0.0;
    for (std::size_t i = depth; i-- > 0;) {
      for (std::size_t e = i + 1; e < depth; ++e) a[i] -= M[i * depth + e] * a[e];
      sum += a[i] /= M[i * depth + i];
    }
    if (!std::isfinite(sum) || sum == 0.0) return {};
    candidate_.assign(W_.size(), 0.0);
    for (std::size_t i = 0; i < depth; ++i)
      for (std::size_t e = 0; e < W_.size(); ++e) candidate_[e] += a[i] / sum * history_[i + 1][e];
    return a;
  }

  const Quadratic& P_;
  std::vector<double> W_, g_, candidate_;
  std::vector<std::vector<double>> history_;
  double gap_ = 0.0;
  int sweeps_ = 0;
};

}  // namespace sparsekin::hal
