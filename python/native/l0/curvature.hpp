// What rows weigh in a Gram matrix, W, where that is more than one number a row: the Hessian, in the linear predictor, of
// a Cox partial likelihood at a fit. It is never formed; W v is a pass over the rows.
//   W v = D v - q (sum over the event times at which a row is at risk of C_t  -  [its own event] E_t)
//   C_t = sum of wbar m / phi over the terms of t,  E_t the same times frac,  m = (S(q v) - frac S_deaths(q v)) / phi
// A row is at risk at the event times from, ..., to - 1; times run stratum by stratum, so a stratum is a range of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "l0/leaf.hpp"

namespace sparsekin {

class Curvature {
 public:
  virtual ~Curvature() = default;
  virtual void apply(const double* v, double* out) const = 0;  // out = W v; out may be v
  virtual double square(const double* v) const = 0;            // v' W v
  static constexpr std::size_t kLanes = leaf::kLanes;
  virtual void squares(const double* const* x, double* out) const = 0;  // the same of kLanes columns
};

struct CoxTerms {
  std::vector<double> q, diag;                // rows: omega exp(eta) up to a factor of the stratum; D
  std::vector<std::int32_t> from, to, event;  // rows: event times at risk; the one of their own event, or -1
  std::vector<std::int32_t> start, first;     // times: their terms are start[t] .. start[t + 1]; first time of the stratum
  std::vector<double> frac, wbar, phi;        // terms: frac = l / d (Efron)
};

class CoxCurvature final : public Curvature {
 public:
  explicit CoxCurvature(CoxTerms terms) : t_(std::move(terms)) {
    for (const double one : t_.phi) inverse_.push_back(1.0 / one);
    for (std::size_t i = 0; i < t_.q.size(); ++i)
      if (t_.to[i] > t_.from[i] && t_.from[i] > t_.first[t_.to[i] - 1]) late_.push_back(static_cast<std::int32_t>(i));
    tied_ = std::any_of(t_.frac.begin(), t_.frac.end(), [](double one) { return one > 0.0; });
  }

  void apply(const double* v, double* out) const override {
    const std::size_t n = t_.q.size(), T = t_.first.size();
    std::vector<double> s(T + 1), e(T), c(T + 1);
    sums(v, s, e);
    for (std::size_t t = 0; t < T; ++t) {
      double all = 0.0, own = 0.0;
      for (std::int32_t a = t_.start[t]; a < t_.start[t + 1]; ++a) {
        const double u = t_.wbar[a] * (s[t] - t_.frac[a] * e[t]) / (t_.phi[a] * t_.phi[a]);
        all += u;
        own += t_.frac[a] * u;
      }
      c[t + 1] = c[t] + all;
      e[t] = own;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double own = t_.event[i] >= 0 ? e[t_.event[i]] : 0.0;
      out[i] = t_.diag[i] * v[i] - t_.q[i] * (c[t_.to[i]] - c[t_.from[i]] - own);
    }
  }

  double square(const double* v) const override {
    const std::size_t n = t_.q.size(), T = t_.first.size();
    std::vector<double> s(T + 1), e(T);
    sums(v, s, e);
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += t_.diag[i] * v[i] * v[i];
    for (std::size_t t = 0; t < T; ++t)
      for (std::int32_t a = t_.start[t]; a < t_.start[t + 1]; ++a) {
        const double m = (s[t] - t_.frac[a] * e[t]) / t_.phi[a];
        sum -= t_.wbar[a] * m * m;
      }
    return sum;
  }

  // As `square`, columns side by side; s is one further on.
  void squares(const double* const* x, double* out) const override {
    const std::size_t n = t_.q.size(), T = t_.first.size();
    std::vector<double> s((T + 1) * kLanes), e(tied_ ? T * kLanes : 0);
    for (std::size_t l = 0; l < kLanes; ++l) out[l] = leaf::weighted_square(t_.diag.data(), x[l], n);
    leaf::lanes_into_times(x, t_.q.data(), t_.to.data(), n, s.data());
    for (const auto i : late_)
      for (std::size_t l = 0; l < kLanes; ++l) s[t_.from[i] * kLanes + l] -= t_.q[i] * x[l][i];
    for (std::size_t i = 0; tied_ && i < n; ++i)
      for (std::size_t l = 0; t_.event[i] >= 0 && l < kLanes; ++l) e[t_.event[i] * kLanes + l] += t_.q[i] * x[l][i];
    leaf::squares_over_times(s.data(), tied_ ? e.data() : nullptr, t_.first.data(), t_.start.data(), t_.frac.data(),
                             t_.wbar.data(), inverse_.data(), T, out);
  }

 private:
  // s[t]: sum of q v over the rows at risk at t; e[t]: over its deaths.
  void sums(const double* v, std::vector<double>& s, std::vector<double>& e) const {
    const std::size_t n = t_.q.size();
    for (std::size_t i = 0; i < n; ++i) {
      if (t_.to[i] == t_.from[i]) continue;
      const double x = t_.q[i] * v[i];
      s[t_.to[i] - 1] += x;
      if (t_.from[i] > t_.first[t_.to[i] - 1]) s[t_.from[i] - 1] -= x;
      if (t_.event[i] >= 0) e[t_.event[i]] += x;
    }
    for (std::size_t t = t_.first.size(); t-- > 1;)
      if (t_.first[t] < static_cast<std::int32_t>(t)) s[t - 1] += s[t];
  }

  CoxTerms t_;
  std::vector<double> inverse_;     // terms: 1 / phi
  std::vector<std::int32_t> late_;  // rows that enter after the first event of their stratum
  bool tied_ = false;
};

}  // namespace sparsekin
