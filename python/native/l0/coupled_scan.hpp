// Exact gains of single moves of one task with lambda_2 > 0, the coefficients of all tasks re-optimised.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "l0/coupled_core.hpp"

namespace sparsekin {

// What scan.hpp needs to know of task k.
class CoupledScan {
 public:
  CoupledScan(const CoupledData& data, const CoupledCore& core, std::size_t k)
      : core_(core), m_(data.views[k]->size()), g_(data.c[k]), h_(m_), open_(m_, true) {
    const auto& view = *data.views[k];
    for (std::size_t a = 0; a < core.size(); ++a)
      if (core.at(a).task == k) mine_.push_back(a);
    for (std::size_t l = 0; l < m_; ++l) h_[l] = data.diag(k, static_cast<Index>(l));
    W_.resize(mine_.size() * m_);
    std::vector<const double*> rows;
    for (const std::size_t a : mine_) rows.push_back(core.at(a).row->data());
    std::vector<double> share(mine_.size());
    for (std::size_t i = 0; i < mine_.size(); ++i) {
      double* w = W_.data() + i * m_;
      for (std::size_t j = 0; j < mine_.size(); ++j) share[j] = core.M(mine_[i], mine_[j]);
      leaf::combine(rows.data(), share.data(), rows.size(), w, m_);
      const double* row = rows[i];
      leaf::axpy(-core.beta(mine_[i]), row, g_.data(), m_);
      for (std::size_t l = 0; l < m_; ++l) h_[l] -= row[l] * w[l];
    }
    std::vector<std::pair<Index, std::size_t>> elsewhere;  // candidates that other tasks hold, and where
    for (std::size_t a = 0; a < core.size(); ++a) {
      const Index l = core.at(a).task == k ? -1 : view.local(core.at(a).global);
      if (l < 0) continue;
      g_[l] += data.link(k, l) * core.beta(a);
      elsewhere.push_back({l, a});
    }
    std::sort(elsewhere.begin(), elsewhere.end());
    std::vector<std::size_t> same;
    for (std::size_t e = 0; e < elsewhere.size(); ++e) {
      same.push_back(elsewhere[e].second);
      if (e + 1 < elsewhere.size() && elsewhere[e + 1].first == elsewhere[e].first) continue;
      couple(data, k, elsewhere[e].first, same);
      same.clear();
    }
    for (std::size_t l = 0; l < m_; ++l) {
      if (!view.usable(l)) close(l);
      h_[l] = std::max(h_[l], data.floor(k, static_cast<Index>(l)));
      if (!open_[l]) h_[l] = kInfinity;
    }
    for (const std::size_t a : mine_) {
      close(core.at(a).local);
      h_[core.at(a).local] = kInfinity;
    }
  }

  std::size_t candidates() const { return m_; }
  std::size_t size() const { return mine_.size(); }
  std::size_t coordinate(std::size_t i) const { return mine_[i]; }
  const double* g() const { return g_.data(); }
  const double* hs() const { return h_.data(); }
  const double* W(std::size_t i) const { return W_.data() + i * m_; }
  double b(std::size_t i) const { return core_.beta(mine_[i]); }
  double d(std::size_t i) const { return core_.M(mine_[i], mine_[i]); }
  bool open(std::size_t l) const { return open_[l]; }
  double entry_gain(std::size_t l) const { return 0.5 * g_[l] * g_[l] / h_[l]; }
  double exit_cost(std::size_t i) const { return core_.exit_cost(mine_[i]); }
  double exchange_value(std::size_t i, std::size_t l) const {
    const double w = W_[i * m_ + l], invd = 1.0 / d(i), a = g_[l] + b(i) * invd * w;
    return 0.5 * a * a / (h_[l] + invd * w * w);
  }

 private:
  void close(std::size_t l) { open_[l] = false; }
  // A column other tasks hold, at coordinates `same`: its entry here also moves through its links to them.
  void couple(const CoupledData& data, std::size_t k, Index l, const std::vector<std::size_t>& same) {
    const double link = data.link(k, l);
    double inside = 0.0, across = 0.0, outside = 0.0;
    for (std::size_t i = 0; i < mine_.size(); ++i) {
      const double* M = core_.row(mine_[i]);
      double sum = 0.0;
      for (const std::size_t b : same) sum += M[b];
      double& w = W_[i * m_ + l];
      const double u = (*core_.at(mine_[i]).row)[l];
      inside += u * w;
      across += u * sum;
      w -= link * sum;
    }
    for (const std::size_t a : same)
      for (const std::size_t b : same) outside += core_.M(a, b);
    h_[l] = data.diag(k, l) - (inside - 2.0 * link * across + link * link * outside);
  }

  const CoupledCore& core_;
  std::size_t m_;
  std::vector<double> g_, h_, W_;
  std::vector<std::size_t> mine_;
  std::vector<bool> open_;
};

}  // namespace sparsekin
