// Common support with lambda_2 > 0: the exact gain of column l entering all K tasks at once, all other coefficients
// of all tasks responding:
//   (1/2) g' H^-1 g,   g_k = gradient of (k, l),
//   H_kk' = [k = k'] (G_k,ll + lambda_1 + lambda_2) - lambda_2 / K - G_k,lS M_kk' G_k',Sl
#pragma once
#include <vector>

#include "l0/coupled_core.hpp"

namespace sparsekin {

class GroupScan {
 public:
  GroupScan(const CoupledData& data, const CoupledCore& core)
      : data_(data), K_(data.tasks()), m_(data.aligned()), open_(m_, true) {
    mine_.resize(K_);
    for (std::size_t a = 0; a < core.size(); ++a) mine_[core.at(a).task].push_back(a);
    for (std::size_t k = 0; k < K_; ++k)
      for (std::size_t l = 0; l < m_; ++l) open_[l] = open_[l] && data.views[k]->usable(l);
    for (std::size_t a = 0; a < core.size(); ++a) {
      const Index l = data.views[0]->local(core.at(a).global);
      if (l >= 0 && static_cast<std::size_t>(l) < m_) open_[l] = false;
    }
    for (std::size_t k = 0; k < K_; ++k) gradients(core, k);
    for (std::size_t k = 0; k < K_; ++k)
      for (std::size_t other = 0; other <= k; ++other) schur(core, k, other);
  }

  // -infinity where the column is held, may not enter every task, or lies in the span of the support.
  std::vector<double> gains() const {
    std::vector<double> out(m_, -kInfinity);
    std::vector<double> H(K_ * K_), g(K_);
    for (std::size_t l = 0; l < m_; ++l) {
      if (!open_[l]) continue;
      for (std::size_t k = 0; k < K_; ++k) {
        g[k] = g_[k][l];
        for (std::size_t other = 0; other <= k; ++other) H[k * K_ + other] = H_[k * K_ + other][l];
      }
      out[l] = half_form(H, g, l);
    }
    return out;
  }

 private:
  void gradients(const CoupledCore& core, std::size_t k) {
    g_.emplace_back(data_.c[k].begin(), data_.c[k].begin() + static_cast<std::ptrdiff_t>(m_));
    for (const std::size_t a : mine_[k]) leaf::axpy(-core.beta(a), core.at(a).row->data(), g_[k].data(), m_);
  }

  void schur(const CoupledCore& core, std::size_t k, std::size_t other) {
    if (H_.empty()) H_.resize(K_ * K_);
    auto& H = H_[k * K_ + other];
    H.resize(m_);
    for (std::size_t l = 0; l < m_; ++l) {
      const Index at = static_cast<Index>(l);
      H[l] = k == other ? data_.diag(k, at) : -data_.link(k, at);
    }
    std::vector<double> response(m_), share(mine_[other].size());
    std::vector<const double*> rows;
    for (const std::size_t b : mine_[other]) rows.push_back(core.at(b).row->data());
    for (const std::size_t a : mine_[k]) {
      std::fill(response.begin(), response.end(), 0.0);
      for (std::size_t r = 0; r < rows.size(); ++r) share[r] = core.M(a, mine_[other][r]);
      leaf::combine(rows.data(), share.data(), rows.size(), response.data(), m_);
      const double* row = core.at(a).row->data();
      for (std::size_t l = 0; l < m_; ++l) H[l] -= row[l] * response[l];
    }
  }

  // (1/2) g' H^-1 g by Cholesky in place.
  double half_form(std::vector<double>& H, std::vector<double>& g, std::size_t l) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < K_; ++k) {
      for (std::size_t other = 0; other <= k; ++other) {
        double value = H[k * K_ + other];
        for (std::size_t r = 0; r < other; ++r) value -= H[k * K_ + r] * H[other * K_ + r];
        if (other < k) {
          H[k * K_ + other] = value / H[other * K_ + other];
        } else {
          if (!(value > data_.floor(k, static_cast<Index>(l)))) return -kInfinity;
          H[k * K_ + k] = std::sqrt(value);
        }
      }
      for (std::size_t r = 0; r < k; ++r) g[k] -= H[k * K_ + r] * g[r];
      g[k] /= H[k * K_ + k];
      sum += g[k] * g[k];
    }
    return 0.5 * sum;
  }

  const CoupledData& data_;
  std::size_t K_, m_;
  std::vector<bool> open_;
  std::vector<std::vector<std::size_t>> mine_;
  std::vector<std::vector<double>> g_, H_;
};

}  // namespace sparsekin
