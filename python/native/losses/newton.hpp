// min over theta of f(offset + Z theta) + sum_j ridge_j theta_j^2 / 2 by Newton's method: exact, and never not a number.
#pragma once
#include <cmath>
#include <functional>

#include "losses/loss.hpp"

namespace sparsekin {

struct NewtonFit {
  std::vector<double> theta, eta;
  double value = 0.0, drift = 0.0;
  bool converged = false;
  int steps = 0;
};

class Newton {
 public:
  // Solves H x = slope where Cholesky's method is not safe: H (m, m), slope and sizes (m,).
  using Rescue = std::function<std::vector<double>(const std::vector<double>&, const std::vector<double>&,
                                                   const std::vector<double>&)>;

  // scale: the size of f. `curved`: whether steps must be kept short.
  Newton(Loss& loss, ColumnList Z, std::vector<double> ridge, double scale, bool curved, const double* counts,
         Rescue rescue)
      : loss_(loss),
        Z_(std::move(Z)),
        ridge_(std::move(ridge)),
        scale_(scale),
        curved_(curved),
        counts_(counts),
        rescue_(std::move(rescue)),
        n_(loss.rows()),
        residual_(n_),
        weights_(n_),
        move_(n_),
        then_(n_) {}

  // Given up once the value is certain to stay above `allowed`, as far as the quadratic model tells.
  NewtonFit run(const double* offset, std::vector<double> theta, double allowed) {
    const std::size_t m = Z_.size();
    NewtonFit out;
    out.theta = std::move(theta);
    out.eta.assign(offset, offset + n_);
    for (std::size_t j = 0; j < m; ++j)
      if (out.theta[j] != 0.0) leaf::axpy(out.theta[j], Z_[j], out.eta.data(), n_);
    out.value = loss_.at(out.eta.data(), residual_.data(), weights_.data()) + penalty(out.theta);
    out.converged = m == 0;
    std::vector<double> slope(m), H(m * m), sizes(m);
    while (!out.converged && out.steps < kSteps) {
      loss_.gram(Z_, weights_.data(), H.data());
      for (std::size_t j = 0; j < m; ++j) {
        slope[j] = leaf::dot(Z_[j], residual_.data(), n_) - ridge_[j] * out.theta[j];
        sizes[j] = size_of(Z_[j]) + ridge_[j];
        H[j * m + j] += ridge_[j];
        for (std::size_t i = 0; i < j; ++i) H[i * m + j] = H[j * m + i];
      }
      const std::vector<double> step = solved(H, slope, sizes);
      const double decrement = leaf::dot(slope.data(), step.data(), m);
      if (!std::isfinite(decrement)) break;
      if (out.steps > 0 && out.value - decrement > allowed && decrement < kClose * scale_) break;
      ++out.steps;
      out.converged = decrement <= kDone * scale_;
      std::fill(move_.begin(), move_.end(), 0.0);
      for (std::size_t j = 0; j < m; ++j) leaf::axpy(step[j], Z_[j], move_.data(), n_);
      double far = 0.0;
      out.drift = 0.0;
      for (std::size_t i = 0; i < n_; ++i) {
        far = std::max(far, std::abs(move_[i]));
        if (counts_[i] > 0.0) out.drift = std::max(out.drift, std::abs(move_[i]));
      }
      if (!shorten(out, step, decrement, curved_ && far > kCap ? kCap / far : 1.0)) break;
    }
    return out;
  }

 private:
  static constexpr int kSteps = 60, kHalvings = 40;
  static constexpr double kCap = 8.0;     // most that a step may change eta
  static constexpr double kDone = 1e-12;  // of the scale, the decrement at which the last step is taken
  static constexpr double kClose = 0.1;   // of the scale, a decrement by which the quadratic model is near the truth
  static constexpr double kRank = 1e-14;  // of its size, what a column must have that others do not tell

  double penalty(const std::vector<double>& theta) const {
    double sum = 0.0;
    for (std::size_t j = 0; j < theta.size(); ++j) sum += ridge_[j] * theta[j] * theta[j];
    return 0.5 * sum;
  }

  double size_of(const double* z) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < n_; ++i) sum += weights_[i] * z[i] * z[i];
    return sum;
  }

  // Takes the first of 1, 1/2, ... of `most` that lowers the value as it should (Armijo); the last step whole.
  bool shorten(NewtonFit& out, const std::vector<double>& step, double decrement, double most) {
    double share = most;
    std::vector<double> theta(out.theta.size());
    for (int h = 0; h < kHalvings; ++h, share /= 2) {
      for (std::size_t j = 0; j < theta.size(); ++j) theta[j] = out.theta[j] + share * step[j];
      for (std::size_t i = 0; i < n_; ++i) then_[i] = out.eta[i] + share * move_[i];
      const double value = loss_.at(then_.data(), residual_.data(), weights_.data()) + penalty(theta);
      if (!out.converged && !(value <= out.value - 1e-4 * share * decrement)) continue;
      out.theta.swap(theta);
      out.eta.swap(then_);
      out.value = value;
      return true;
    }
    return false;
  }

  std::vector<double> solved(const std::vector<double>& H, const std::vector<double>& slope,
                             const std::vector<double>& sizes) const {
    const std::size_t m = slope.size();
    std::vector<double> root(m), L(H), x(slope);
    for (std::size_t j = 0; j < m; ++j) root[j] = sizes[j] > 0.0 ? std::sqrt(sizes[j]) : 1.0;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = H[i * m + j] / (root[i] * root[j]);
        for (std::size_t k = 0; k < j; ++k) sum -= L[i * m + k] * L[j * m + k];
        if (i != j) {
          L[i * m + j] = sum / L[j * m + j];
        } else if (sum > kRank) {
          L[i * m + i] = std::sqrt(sum);
        } else {
          return rescue_(H, slope, sizes);
        }
      }
    for (std::size_t i = 0; i < m; ++i) {
      x[i] /= root[i];
      for (std::size_t k = 0; k < i; ++k) x[i] -= L[i * m + k] * x[k];
      x[i] /= L[i * m + i];
    }
    for (std::size_t i = m; i-- > 0;) {
      for (std::size_t k = i + 1; k < m; ++k) x[i] -= L[k * m + i] * x[k];
      x[i] /= L[i * m + i];
    }
    for (std::size_t i = 0; i < m; ++i) x[i] /= root[i];
    return x;
  }

  Loss& loss_;
  ColumnList Z_;
  std::vector<double> ridge_;
  double scale_;
  bool curved_;
  const double* counts_;
  Rescue rescue_;
  std::size_t n_;
  std::vector<double> residual_, weights_, move_, then_;
};

}  // namespace sparsekin
