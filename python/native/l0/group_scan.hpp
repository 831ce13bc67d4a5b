// Common support with lambda_2 > 0: the exact gain of column l entering all K tasks at once, all other coefficients
// of all tasks responding:
//   (1/2) g' H^-1 g,   g_k = gradient of (k, l),   H = diag(d) - V' Phi V,   d_k = what P_k leaves of the diagonal,
//   Phi = diag(link, Q),   V_k = (1, z_k),   z_k = P_k G_k,Sl
// or, where there are more tasks than columns, by way of B = Phi^-1 - V diag(1/d) V':
//   g' H^-1 g = sum_k g_k^2 / d_k + y' B^-1 y,   y = V (g / d)
#pragma once
#include <algorithm>
#include <numeric>
#include <vector>

#include "l0/coupled_core.hpp"

namespace sparsekin {

class GroupScan {
 public:
  GroupScan(const CoupledData& data, const CoupledCore& core)
      : data_(data), core_(core), K_(data.tasks()), m_(data.aligned()), open_(m_, true), rank_(core.border().slots()) {
    for (std::size_t b = 0; b < rank_.size(); ++b)
      if (core.border().holders(b) > 0) {
        rank_[b] = held_.size();
        held_.push_back(b);
        const Index l = data.views[0]->local(core.border().column(b));
        if (l >= 0 && static_cast<std::size_t>(l) < m_) open_[l] = false;
      }
    for (std::size_t k = 0; k < K_; ++k) {
      beta_.push_back(core.beta(k));
      for (std::size_t l = 0; l < m_; ++l) open_[l] = open_[l] && data.views[k]->usable(l);
    }
  }

  // -infinity where the column is held, may not enter every task, or lies in the span of the support.
  std::vector<double> gains() {
    std::vector<double> out(m_);
    if (K_ > held_.size()) sum_of_inverses();
    for (std::size_t t = 0; t < m_; t += kTile) {
      const std::size_t n = std::min(kTile, m_ - t);
      if (K_ > held_.size())
        by_columns(t, n, out.data() + t);
      else
        by_tasks(t, n, out.data() + t);
    }
    for (std::size_t l = 0; l < m_; ++l) out[l] = open_[l] ? 0.5 * out[l] : -kInfinity;
    return out;
  }

 private:
  static constexpr std::size_t kTile = 32;
  static std::size_t triangle(std::size_t i, std::size_t j) { return std::max(i, j) * (std::max(i, j) + 1) / 2 + std::min(i, j); }

  // z (s rows of n), g and d of task k.
  void task(std::size_t k, std::size_t t, std::size_t n, std::vector<double>& z, double* g, double* d) const {
    const auto& block = core_.block(k);
    const std::size_t s = block.size();
    z.assign(s * n, 0.0);
    rows_.clear();
    for (const auto& row : block.rows) rows_.push_back(row->data() + t);
    std::copy(data_.c[k].begin() + static_cast<std::ptrdiff_t>(t), data_.c[k].begin() + static_cast<std::ptrdiff_t>(t + n), g);
    for (std::size_t l = 0; l < n; ++l) d[l] = data_.diag(k, at(t + l)) + data_.link(k, at(t + l));
    for (std::size_t i = 0; i < s; ++i) {
      leaf::combine(rows_.data(), block.P.row(i), s, z.data() + i * n, n);
      leaf::axpy(-beta_[k][i], rows_[i], g, n);
      for (std::size_t l = 0; l < n; ++l) d[l] -= rows_[i][l] * z[i * n + l];
    }
  }

  void by_tasks(std::size_t t, std::size_t n, double* out) const {
    std::vector<std::vector<double>> z(K_);
    std::vector<double> H((K_ + 1) * K_ / 2 * n), g(K_ * n), d(n), links(n), y, share;
    for (std::size_t l = 0; l < n; ++l) links[l] = data_.link(0, at(t + l));
    std::vector<const double*> from;
    for (std::size_t k = 0; k < K_; ++k) {
      const auto& mine = core_.block(k);
      task(k, t, n, z[k], g.data() + k * n, d.data());
      y.assign(held_.size() * n, 0.0);  // Q z_k
      from.clear();
      for (std::size_t i = 0; i < mine.size(); ++i) from.push_back(z[k].data() + i * n);
      for (std::size_t r = 0; r < held_.size(); ++r) {
        share.clear();
        for (std::size_t i = 0; i < mine.size(); ++i) share.push_back(core_.border().row(held_[r])[mine.slot[i]]);
        leaf::combine(from.data(), share.data(), share.size(), y.data() + r * n, n);
      }
      for (std::size_t other = 0; other <= k; ++other) {
        double* h = H.data() + triangle(k, other) * n;
        for (std::size_t l = 0; l < n; ++l) h[l] = (k == other ? d[l] : 0.0) - links[l];
        const auto& block = core_.block(other);
        for (std::size_t i = 0; i < block.size(); ++i)
          leaf::subtract_products(z[other].data() + i * n, y.data() + rank_[block.slot[i]] * n, h, n);
      }
    }
    leaf::solve_lanes(H.data(), g.data(), K_, n, out);
    for (std::size_t k = 0; k < K_; ++k)
      for (std::size_t l = 0; l < n; ++l)
        if (!(H[triangle(k, k) * n + l] > data_.floor(k, at(t + l)))) out[l] = -kInfinity;
  }

  // sum_k P_k over the held columns
  void sum_of_inverses() {
    sum_.assign(held_.size() * (held_.size() + 1) / 2, 0.0);
    for (std::size_t k = 0; k < K_; ++k) {
      const auto& block = core_.block(k);
      for (std::size_t i = 0; i < block.size(); ++i)
        for (std::size_t j = 0; j <= i; ++j) sum_[triangle(rank_[block.slot[i]], rank_[block.slot[j]])] += block.P(i, j);
    }
  }
  void by_columns(std::size_t t, std::size_t n, double* out) const {
    const std::size_t u = held_.size();
    std::vector<double> B((u + 1) * (u + 2) / 2 * n), y((u + 1) * n), z, g(n), d(n), least(n), scaled(n);
    for (std::size_t a = 0; a < u; ++a)
      for (std::size_t b = 0; b <= a; ++b) std::fill_n(B.data() + triangle(a, b) * n, n, -sum_[triangle(a, b)]);
    for (std::size_t k = 0; k < K_; ++k) {
      const auto& block = core_.block(k);
      task(k, t, n, z, g.data(), d.data());
      for (std::size_t l = 0; l < n; ++l) {
        out[l] += g[l] * g[l] / d[l];
        least[l] += data_.floor(k, at(t + l));
        d[l] = 1.0 / d[l];
        g[l] *= d[l];
        B[triangle(u, u) * n + l] -= d[l];
        y[u * n + l] += g[l];
      }
      for (std::size_t i = 0; i < block.size(); ++i) {
        const std::size_t a = rank_[block.slot[i]];
        const double* zi = z.data() + i * n;
        double *last = B.data() + triangle(u, a) * n, *right = y.data() + a * n;
        for (std::size_t l = 0; l < n; ++l) {
          scaled[l] = zi[l] * d[l];
          last[l] -= scaled[l];
          right[l] += zi[l] * g[l];
        }
        for (std::size_t j = 0; j <= i; ++j) {
          double* to = B.data() + triangle(a, rank_[block.slot[j]]) * n;
          leaf::subtract_products(scaled.data(), z.data() + j * n, to, n);
        }
      }
    }
    for (std::size_t a = 0; a < u; ++a) {
      const Index column = core_.border().column(held_[a]);
      const double full = 1.0 / data_.link(0, data_.views[0]->local(column));
      for (std::size_t l = 0; l < n; ++l) B[triangle(a, a) * n + l] += full;
    }
    for (std::size_t l = 0; l < n; ++l) B[triangle(u, u) * n + l] += 1.0 / data_.link(0, at(t + l));
    leaf::solve_lanes(B.data(), y.data(), u + 1, n, out);
    for (std::size_t l = 0; l < n; ++l) {
      const double tie = data_.tie(0, at(t + l));
      if (!(B[triangle(u, u) * n + l] * tie * tie > least[l])) out[l] = -kInfinity;
    }
  }
  static Index at(std::size_t l) { return static_cast<Index>(l); }

  const CoupledData& data_;
  const CoupledCore& core_;
  std::size_t K_, m_;
  std::vector<bool> open_;
  std::vector<std::size_t> held_, rank_;  // slots that are taken, and the place of each among them
  std::vector<std::vector<double>> beta_;
  std::vector<double> sum_;
  mutable std::vector<const double*> rows_;
};

}  // namespace sparsekin
