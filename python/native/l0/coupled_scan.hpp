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
      : block_(core.block(k)), m_(data.views[k]->size()), g_(data.c[k]), h_(m_), beta_(core.beta(k)), open_(m_, true) {
    const auto& view = *data.views[k];
    for (std::size_t l = 0; l < m_; ++l) h_[l] = data.diag(k, static_cast<Index>(l));
    respond(core.border());
    for (std::size_t b = 0; b < core.border().slots(); ++b) {
      if (core.border().holders(b) == 0 || block_.find(b) < size()) continue;
      const Index l = view.local(core.border().column(b));
      if (l >= 0) couple(data, core.border(), k, l, b);
    }
    for (std::size_t l = 0; l < m_; ++l) {
      if (!view.usable(l)) close(l);
      h_[l] = std::max(h_[l], data.floor(k, static_cast<Index>(l)));
      if (!open_[l]) h_[l] = kInfinity;
    }
    for (const Index l : block_.local) {
      close(l);
      h_[l] = kInfinity;
    }
  }

  std::size_t candidates() const { return m_; }
  std::size_t size() const { return block_.size(); }
  const double* g() const { return g_.data(); }
  const double* hs() const { return h_.data(); }
  const double* W(std::size_t i) const { return W_.data() + i * m_; }
  double b(std::size_t i) const { return beta_[i]; }
  double d(std::size_t i) const { return d_[i]; }
  bool open(std::size_t l) const { return open_[l]; }
  double entry_gain(std::size_t l) const { return 0.5 * g_[l] * g_[l] / h_[l]; }
  double exit_cost(std::size_t i) const { return 0.5 * beta_[i] * beta_[i] / d_[i]; }
  double exchange_value(std::size_t i, std::size_t l) const {
    const double w = W_[i * m_ + l], invd = 1.0 / d(i), a = g_[l] + b(i) * invd * w;
    return 0.5 * a * a / (h_[l] + invd * w * w);
  }

 private:
  void close(std::size_t l) { open_[l] = false; }

  // W, g and h as far as the columns of this task go; PQ_i = row i of P times the rows of Q.
  void respond(const LinkBorder& border) {
    const std::size_t s = size(), width = block_.P.width();
    W_.resize(s * m_);
    PQ_.resize(s * border.width());
    std::vector<const double*> rows, links;
    for (std::size_t i = 0; i < s; ++i) {
      rows.push_back(block_.rows[i]->data());
      links.push_back(border.row(block_.slot[i]));
    }
    std::vector<double> across(width), M(width);
    for (std::size_t i = 0; i < s; ++i) {
      double* through = PQ_.data() + i * border.width();
      leaf::combine(links.data(), block_.P.row(i), s, through, border.width());
      std::copy(block_.P.row(i), block_.P.row(i) + width, M.begin());
      for (std::size_t j = 0; j < s; ++j) across[j] = through[block_.slot[j]];
      block_.P.add_product(across.data(), M.data());
      d_.push_back(M[i]);
      double* w = W_.data() + i * m_;
      leaf::combine(rows.data(), M.data(), s, w, m_);
      leaf::axpy(-beta_[i], rows[i], g_.data(), m_);
      for (std::size_t l = 0; l < m_; ++l) h_[l] -= rows[i][l] * w[l];
    }
  }
  // A column other tasks hold, with slot b: its entry here also moves through its links to them.
  void couple(const CoupledData& data, const LinkBorder& border, std::size_t k, Index l, std::size_t b) {
    double inside = 0.0, across = 0.0;
    for (std::size_t i = 0; i < size(); ++i) {
      double& w = W_[i * m_ + l];
      const double u = (*block_.rows[i])[l], through = PQ_[i * border.width() + b];
      inside += u * w;
      across += u * through;
      w -= through;
    }
    g_[l] += border.q(b);
    h_[l] = data.diag(k, l) + (data.link(k, l) - border.row(b)[b]) - (inside - 2.0 * across);
  }

  const TaskBlock& block_;
  std::size_t m_;
  std::vector<double> g_, h_, W_, PQ_, beta_, d_;
  std::vector<bool> open_;
};

}  // namespace sparsekin
