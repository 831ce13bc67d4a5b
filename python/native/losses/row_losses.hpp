// Losses that are sums over rows, with their canonical links: r = omega (y - mean), H = diag(omega variance).
#pragma once
#include <cmath>

#include "losses/loss.hpp"

namespace sparsekin {

// Half the deviance of one row, y - mean and the variance.
struct RowTerms {
  double half_deviance, error, variance;
};

struct GaussianRow {
  static double constant(double) { return 0.0; }
  static RowTerms at(double y, double, double eta) { return {0.5 * (y - eta) * (y - eta), y - eta, 1.0}; }
};

struct BinomialRow {
  static double constant(double y) { return entropy(y) + entropy(1.0 - y); }
  static RowTerms at(double y, double constant, double eta) {
    const double size = std::abs(eta), small = std::exp(-size), likely = 1.0 / (1.0 + small), rare = small * likely;
    const double up = eta > 0.0 ? likely : rare, down = eta > 0.0 ? rare : likely;
    const double lost = size * (eta > 0.0 ? 1.0 - y : y) + std::log1p(small) - constant;
    return {std::max(lost, 0.0), y * down - (1.0 - y) * up, likely * rare};
  }

 private:
  static double entropy(double x) { return x > 0.0 ? -x * std::log(x) : 0.0; }
};

struct PoissonRow {
  static double constant(double y) { return y > 0.0 ? y * std::log(y) - y : 0.0; }
  static RowTerms at(double y, double constant, double eta) {
    const double mean = std::exp(std::min(eta, 700.0));
    return {std::max(constant - y * eta + mean, 0.0), y - mean, mean};
  }
};

template <class Row>
class RowLoss final : public Loss {
 public:
  RowLoss(std::vector<double> y, std::vector<double> omega) : y_(std::move(y)), omega_(std::move(omega)) {
    for (const double one : y_) constants_.push_back(Row::constant(one));
  }
  std::size_t rows() const override { return y_.size(); }
  double at(const double* eta, double* residual, double* weights) override {
    double value = 0.0;
    for (std::size_t i = 0; i < y_.size(); ++i) {
      const RowTerms one = Row::at(y_[i], constants_[i], eta[i]);
      value += omega_[i] * one.half_deviance;
      residual[i] = omega_[i] * one.error;
      weights[i] = omega_[i] * one.variance;
    }
    return value;
  }

 private:
  std::vector<double> y_, omega_, constants_;
};

}  // namespace sparsekin
