// The partial likelihood of rows that are at risk from the first event of their stratum on; formulas and names are those
// of `sparsekin/losses/cox.py`. Event times run stratum by stratum; risk sets are sums from the last event of a stratum
// back to its first. What a risk set holds is kept as shares of it, at most 1 whatever eta is, and nothing is subtracted.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "losses/loss.hpp"

namespace sparsekin {

struct CoxOutcomes {
  std::vector<std::int32_t> last;         // rows: the last event time at which they are at risk, or -1
  std::vector<std::int32_t> deaths;       // rows that die, by event time
  std::vector<std::int32_t> death_start;  // times, and their number at the end: deaths of t are start[t] .. start[t + 1]
  std::vector<std::int32_t> term_start;   // the same for terms
  std::vector<std::int32_t> first;        // times: the first of their stratum
  std::vector<double> frac, wbar;         // terms
  std::vector<double> death_w;            // deaths
  std::vector<double> log_w;              // rows
  double saturated = 0.0, factor = 1.0;
};

class CoxLoss final : public Loss {
 public:
  explicit CoxLoss(CoxOutcomes outcomes) : o_(std::move(outcomes)), T_(o_.first.size()) {
    start_.assign(T_ + 1, 0);
    for (const auto t : o_.last)
      if (t >= 0) ++start_[t + 1];
    for (std::size_t t = 0; t < T_; ++t) start_[t + 1] += start_[t];
    order_.resize(start_[T_]);
    auto at = start_;
    for (std::size_t i = 0; i < rows(); ++i)
      if (o_.last[i] >= 0) order_[at[o_.last[i]]++] = static_cast<std::int32_t>(i);
    share_.resize(rows());
    log_sum_.resize(T_);
    shrink_.resize(T_);
    left_.resize(o_.frac.size());
  }
  std::size_t rows() const override { return o_.last.size(); }

  double at(const double* eta, double* residual, double* weights) override {
    risk_sets(eta);
    std::fill(weights, weights + rows(), 0.0);
    std::fill(residual, residual + rows(), 0.0);
    double lost = o_.saturated, running = 0.0;
    for (std::size_t t = 0; t < T_; ++t) {
      double together = 0.0;
      for (auto d = o_.death_start[t]; d < o_.death_start[t + 1]; ++d) together += share_[o_.deaths[d]];
      together = std::min(together, 1.0);
      double all = 0.0, own = 0.0;
      for (auto a = o_.term_start[t]; a < o_.term_start[t + 1]; ++a) {
        left_[a] = 1.0 - o_.frac[a] * together;
        lost += o_.wbar[a] * (log_sum_[t] + std::log(left_[a]));
        all += o_.wbar[a] / left_[a];
        own += o_.frac[a] * o_.wbar[a] / left_[a];
      }
      running = (begins(t) ? 0.0 : running * shrink_[t - 1]) + all;
      for (auto r = start_[t]; r < start_[t + 1]; ++r) weights[order_[r]] = o_.factor * share_[order_[r]] * running;
      for (auto d = o_.death_start[t]; d < o_.death_start[t + 1]; ++d) {
        const auto i = o_.deaths[d];
        weights[i] -= o_.factor * share_[i] * own;
        residual[i] = o_.factor * o_.death_w[d];
        lost -= o_.death_w[d] * eta[i];
      }
    }
    for (std::size_t i = 0; i < rows(); ++i) residual[i] -= weights[i];
    return std::max(o_.factor * lost, 0.0);
  }

  // Z' diag(weights) Z less the squares of means over the risk sets of terms.
  void gram(const ColumnList& Z, const double* weights, double* H) const override {
    const std::size_t m = Z.size();
    weighted_gram(Z, rows(), weights, H);
    std::vector<double> over(m), dead(m), mean(m);
    for (std::size_t t = T_; t-- > 0;) {
      const double kept = ends(t) ? 0.0 : shrink_[t];
      for (auto& one : over) one *= kept;
      add(start_[t], start_[t + 1], order_, Z, over);
      std::fill(dead.begin(), dead.end(), 0.0);
      if (o_.term_start[t + 1] - o_.term_start[t] > 1) add(o_.death_start[t], o_.death_start[t + 1], o_.deaths, Z, dead);
      for (auto a = o_.term_start[t]; a < o_.term_start[t + 1]; ++a) {
        for (std::size_t j = 0; j < m; ++j) mean[j] = (over[j] - o_.frac[a] * dead[j]) / left_[a];
        const double w = o_.factor * o_.wbar[a];
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t j = 0; j <= i; ++j) H[i * m + j] -= w * mean[i] * mean[j];
      }
    }
  }

 private:
  bool begins(std::size_t t) const { return o_.first[t] == static_cast<std::int32_t>(t); }
  bool ends(std::size_t t) const { return t + 1 == T_ || begins(t + 1); }

  void add(std::int32_t from, std::int32_t to, const std::vector<std::int32_t>& rows, const ColumnList& Z,
           std::vector<double>& sum) const {
    for (auto r = from; r < to; ++r)
      for (std::size_t j = 0; j < Z.size(); ++j) sum[j] += share_[rows[r]] * Z[j][rows[r]];
  }

  // Log sums over risk sets, shares of rows in the last of theirs, and S_{t + 1} / S_t.
  void risk_sets(const double* eta) {
    double unit = 0.0, sum = 0.0;
    for (std::size_t t = T_; t-- > 0;) {
      double top = -std::numeric_limits<double>::infinity();
      for (auto r = start_[t]; r < start_[t + 1]; ++r) top = std::max(top, eta[order_[r]] + o_.log_w[order_[r]]);
      if (ends(t)) {
        unit = top;
        sum = 0.0;
      } else if (top > unit) {
        sum *= std::exp(unit - top);
        unit = top;
      }
      const double before = sum;
      for (auto r = start_[t]; r < start_[t + 1]; ++r) {
        const auto i = order_[r];
        share_[i] = std::exp(eta[i] + o_.log_w[i] - unit);
        sum += share_[i];
      }
      for (auto r = start_[t]; r < start_[t + 1]; ++r) share_[order_[r]] /= sum;
      shrink_[t] = before / sum;
      log_sum_[t] = std::log(sum) + unit;
    }
  }

  CoxOutcomes o_;
  std::size_t T_;
  std::vector<std::int32_t> order_, start_;  // rows by their last event time
  std::vector<double> share_, log_sum_, shrink_, left_;
};

}  // namespace sparsekin
