// A node with one or two places left, closed without children: the exact value of every way to fill them.
//   With I in, A = L^-1 G_IF, L L' = G_II + lambda_1 I: h_j = G_jj + lambda_1 - |A_j|^2, g_j = c_j - A_j' L^-1 c_I;
//   a column is worth g_j^2 / (2 h_j), a second one (g_j - r g_i / h_i)^2 / (2 (h_j - r^2 / h_i)), r = G_ij - A_i'A_j.
// Sums over tasks where they share one support; prices are added per column.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "l0/exact/relaxation.hpp"

namespace sparsekin::exact {

struct Filling {
  double value;
  Index first, second;  // -1: place left empty
  bool operator<(const Filling& other) const { return value < other.value; }
};

class Closing {
 public:
  // mark: of the only unit. False in `sound` where a column is too close to the span of those that are in.
  Closing(const Data& data, const std::vector<double>& omega, const std::vector<signed char>& mark)
      : D_(data), omega_(omega) {
    for (std::size_t j = 0; j < mark.size(); ++j) {
      if (mark[j] == kIn) in_.push_back(static_cast<Index>(j));
      if (mark[j] == kFree) free_.push_back(static_cast<Index>(j));
    }
    value_ = D_.constant;
    for (const Index j : in_) value_ += omega_[j];
    price_.reserve(free_.size());
    for (const Index j : free_) price_.push_back(omega_[j]);
    for (std::size_t k = 0; k < D_.tasks() && sound_; ++k) sound_ = add(k);
  }

  bool sound() const { return sound_; }

  // Everything whose value is below `below`, the best `most` of it.
  std::vector<Filling> fill(std::size_t room, double below, std::size_t most) {
    if (value_ < below) found_.push_back({value_, -1, -1});
    const std::size_t m = free_.size();
    worth_.assign(m, 0.0);
    for (const auto& part : parts_)
      for (std::size_t j = 0; j < m; ++j) worth_[j] += 0.5 * part.g[j] * part.g[j] / part.h[j];
    for (std::size_t j = 0; j < m && room > 0; ++j)
      if (value_ - worth_[j] + price_[j] < below) found_.push_back({value_ - worth_[j] + price_[j], free_[j], -1});
    if (room > 1) {
      for (auto& part : parts_) part.view->prefetch(free_);
      for (std::size_t i = 0; i + 1 < m; ++i) pairs(i, below, most);
    }
    keep_best(most);
    return std::move(found_);
  }

 private:
  static constexpr double kShare = 1e-6;  // of its square a column must keep beside the others, else rounding counts

  struct Part {
    std::shared_ptr<View> view;
    std::vector<std::vector<double>> A;  // one row per column that is in
    std::vector<double> g, h, least;  // least: what h must keep
  };

  bool add(std::size_t k) {
    Part part{D_.views[k], {}, {}, {}, {}};
    const double share = kShare * D_.noise;
    View& view = *part.view;
    view.prefetch(in_);
    const std::size_t m = free_.size();
    std::vector<std::vector<double>> L;
    std::vector<double> z;
    for (const Index j : free_) {
      part.h.push_back(view.diag(j) + D_.lambda_1);
      part.least.push_back(share * part.h.back());
      part.g.push_back(D_.c[k][j]);
    }
    for (std::size_t i = 0; i < in_.size(); ++i) {
      const auto row = view.row(in_[i]);
      const double whole = view.diag(in_[i]) + D_.lambda_1;
      std::vector<double> l(i + 1);
      double pivot = whole, top = D_.c[k][in_[i]];
      for (std::size_t t = 0; t < i; ++t) {
        double sum = (*row)[in_[t]];
        for (std::size_t e = 0; e < t; ++e) sum -= l[e] * L[t][e];
        l[t] = sum / L[t][t];
        pivot -= l[t] * l[t];
        top -= l[t] * z[t];
      }
      if (!(pivot > share * whole)) return false;
      l[i] = std::sqrt(pivot);
      z.push_back(top / l[i]);
      std::vector<double> a(m);
      for (std::size_t j = 0; j < m; ++j) a[j] = (*row)[free_[j]];
      for (std::size_t t = 0; t < i; ++t) leaf::axpy(-l[t], part.A[t].data(), a.data(), m);
      for (std::size_t j = 0; j < m; ++j) {
        a[j] /= l[i];
        part.h[j] -= a[j] * a[j];
        part.g[j] -= a[j] * z[i];
      }
      part.A.push_back(std::move(a));
      L.push_back(std::move(l));
      value_ -= 0.5 * z[i] * z[i];
    }
    for (std::size_t j = 0; j < m; ++j)
      if (!(part.h[j] > part.least[j])) return false;
    parts_.push_back(std::move(part));
    return true;
  }

  // Column i with every later one.
  void pairs(std::size_t i, double below, std::size_t most) {
    const std::size_t n = free_.size() - i - 1;
    gain_.resize(n), r_.resize(n);
    for (std::size_t j = 0; j < n; ++j) gain_[j] = -price_[i + 1 + j];
    for (const auto& part : parts_) {
      const auto row = part.view->row(free_[i]);
      for (std::size_t j = 0; j < n; ++j) r_[j] = (*row)[free_[i + 1 + j]];
      for (const auto& a : part.A) leaf::axpy(-a[i], a.data() + i + 1, r_.data(), n);
      leaf::add_second(part.g.data() + i + 1, part.h.data() + i + 1, r_.data(), part.g[i] / part.h[i], 1.0 / part.h[i],
                       part.least.data() + i + 1, gain_.data(), n);
    }
    const double alone = value_ - worth_[i] + price_[i];
    if (leaf::above(gain_.data(), alone - below, n) == 0) return;
    for (std::size_t j = 0; j < n; ++j)
      if (alone - gain_[j] < below) found_.push_back({alone - gain_[j], free_[i], free_[i + 1 + j]});
    if (found_.size() > 4 * most) keep_best(most);
  }

  void keep_best(std::size_t most) {
    if (found_.size() <= most) return;
    std::nth_element(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(most), found_.end());
    found_.resize(most);
  }

  const Data& D_;
  const std::vector<double>& omega_;
  std::vector<Index> in_, free_;
  std::vector<Part> parts_;
  std::vector<double> price_, worth_, gain_, r_;
  std::vector<Filling> found_;
  double value_ = 0.0;
  bool sound_ = true;
};

}  // namespace sparsekin::exact
