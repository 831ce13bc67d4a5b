// The values of one support at many pairs of a ridge lambda_1 and a link lambda_2, side by side: a lane for each pair.
//
// Given the means m over all tasks, b_k = P_k (c_k + lambda_2 m) with P_k = (G_k + D + lambda_2 I)^-1; that m is the
// mean of these leaves (I - lambda_2 / K sum_k P_k) m = sum_k P_k c_k / K. Infinite links: one regression of all tasks.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "l0/leaf.hpp"

namespace sparsekin {

// A lower triangle row by row, every entry n numbers.
class LaneTriangle {
 public:
  LaneTriangle(std::size_t size, std::size_t n) : size_(size), n_(n), entries_(size * (size + 1) / 2 * n) {}
  std::size_t size() const { return size_; }
  double* operator()(std::size_t i, std::size_t j) { return entries_.data() + (i * (i + 1) / 2 + j) * n_; }

  // Becomes its Cholesky factor, the diagonal inverted; no pivot is below least (n numbers).
  void factorise(const double* least) {
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        for (std::size_t t = 0; t < j; ++t) leaf::subtract_products((*this)(i, t), (*this)(j, t), (*this)(i, j), n_);
        times((*this)(j, j), (*this)(i, j));
      }
      double* pivot = (*this)(i, i);
      for (std::size_t t = 0; t < i; ++t) leaf::subtract_products((*this)(i, t), (*this)(i, t), pivot, n_);
      for (std::size_t l = 0; l < n_; ++l) pivot[l] = 1.0 / std::sqrt(std::max(pivot[l], least[l]));
    }
  }
  // A factor becomes its inverse.
  void invert() {
    std::vector<double> sum(n_);
    for (std::size_t i = 0; i < size_; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::size_t t = j; t < i; ++t) leaf::subtract_products((*this)(i, t), (*this)(t, j), sum.data(), n_);
        times((*this)(i, i), sum.data());
        std::copy(sum.begin(), sum.end(), (*this)(i, j));
      }
  }
  // Of a factor: x (size, n) becomes the solution of what it is a factor of.
  void solve(double* x) {
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t t = 0; t < i; ++t) leaf::subtract_products((*this)(i, t), x + t * n_, x + i * n_, n_);
      times((*this)(i, i), x + i * n_);
    }
    for (std::size_t i = size_; i-- > 0;) {
      for (std::size_t t = i + 1; t < size_; ++t) leaf::subtract_products((*this)(t, i), x + t * n_, x + i * n_, n_);
      times((*this)(i, i), x + i * n_);
    }
  }

 private:
  void times(const double* a, double* x) const {
    for (std::size_t l = 0; l < n_; ++l) x[l] *= a[l];
  }

  std::size_t size_, n_;
  std::vector<double> entries_;
};

// A pair of penalties, and the model that has it.
struct Lane {
  double ridge, link;
  std::size_t model;
};

class LinkedValues {
 public:
  // G (K, width, width) and c (K, width): products of each task; at (z,): the union among their columns, the q
  // always-in ones first; held (z, K): which of them each task has.
  LinkedValues(const double* G, const double* c, std::size_t K, std::size_t width, std::vector<std::size_t> at,
               const bool* held, std::size_t q, double keep_ridge)
      : G_(G), c_(c), K_(K), width_(width), q_(q), keep_ridge_(keep_ridge), at_(std::move(at)), S_(K) {
    for (std::size_t i = 0; i < at_.size(); ++i) {
      for (std::size_t k = 0; k < K; ++k)
        if (held[i * K + k]) S_[k].push_back(i);
      if (std::all_of(held + i * K, held + (i + 1) * K, [](bool one) { return one; })) common_.push_back(i);
    }
  }

  // out (models, z, K), zeros. Some lanes at a time: what stays in the cache costs least.
  void run(std::vector<Lane> lanes, double* out) const {
    std::size_t entries = at_.size() * at_.size();
    for (const Places& S : S_) entries += S.size() * S.size();
    const std::size_t most = std::clamp<std::size_t>(kEntries / std::max<std::size_t>(entries, 1), 8, 48);
    const auto finite = [](const Lane& lane) { return std::isfinite(lane.link); };
    const auto pooled = std::stable_partition(lanes.begin(), lanes.end(), finite);
    for (auto first = lanes.begin(); first != lanes.end();) {
      const auto end = first < pooled ? pooled : lanes.end();
      const auto last = first + std::min<std::ptrdiff_t>(most, end - first);
      if (end == pooled) tie({first, last}, out);
      else pool({first, last}, out);
      first = last;
    }
  }

 private:
  using Places = std::vector<std::size_t>;
  static constexpr std::size_t kEntries = 1 << 20;
  static constexpr double kLeastPivot = 1e-15;  // of I - lambda_2 / K sum_k P_k, whose eigenvalues are positive

  void tie(const std::vector<Lane>& lanes, double* out) const {
    const std::size_t n = lanes.size();
    std::vector<LaneTriangle> factors;
    for (std::size_t k = 0; k < K_; ++k) factors.push_back(factor(k, k + 1, S_[k], lanes));
    std::vector<double> means(at_.size() * n);
    if (std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.link > 0.0; }))
      find_means(factors, lanes, means);
    for (std::size_t k = 0; k < K_; ++k) {
      std::vector<double> b = right(k, S_[k], n);
      for (std::size_t i = 0; i < S_[k].size(); ++i)
        for (std::size_t l = 0; l < n; ++l) b[i * n + l] += lanes[l].link * means[S_[k][i] * n + l];
      factors[k].solve(b.data());
      write(b, k, S_[k], lanes, out);
    }
  }

  // The limit of infinite links: what is tied to a task that does not hold it is 0.
  void pool(const std::vector<Lane>& lanes, double* out) const {
    std::vector<double> b(common_.size() * lanes.size());
    for (std::size_t k = 0; k < K_; ++k) {
      const std::vector<double> own = right(k, common_, lanes.size());
      leaf::axpy(1.0, own.data(), b.data(), b.size());
    }
    factor(0, K_, common_, lanes).solve(b.data());
    for (std::size_t k = 0; k < K_; ++k) write(b, k, common_, lanes, out);
  }

  // Of the sum over some tasks, which are one where links are finite.
  LaneTriangle factor(std::size_t first, std::size_t last, const Places& S, const std::vector<Lane>& lanes) const {
    const std::size_t n = lanes.size();
    LaneTriangle H(S.size(), n);
    std::vector<double> own(n), kept(n), least(n);
    for (std::size_t l = 0; l < n; ++l) {
      const double link = std::isfinite(lanes[l].link) ? lanes[l].link : 0.0;
      own[l] = (last - first) * (lanes[l].ridge + link);
      kept[l] = (last - first) * (keep_ridge_ + link);
      least[l] = q_ > 0 ? std::min(own[l], kept[l]) : own[l];
    }
    for (std::size_t i = 0; i < S.size(); ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (std::size_t k = first; k < last; ++k) sum += G_[(k * width_ + at_[S[i]]) * width_ + at_[S[j]]];
        std::fill_n(H(i, j), n, sum);
      }
      leaf::axpy(1.0, S[i] < q_ ? kept.data() : own.data(), H(i, i), n);
    }
    H.factorise(least.data());
    return H;
  }

  // means (z, n), zeros, become m.
  void find_means(std::vector<LaneTriangle>& factors, const std::vector<Lane>& lanes,
                  std::vector<double>& means) const {
    const std::size_t z = at_.size(), n = lanes.size();
    LaneTriangle A(z, n);
    for (std::size_t k = 0; k < K_; ++k) {
      const Places& S = S_[k];
      std::vector<double> own = right(k, S, n);
      factors[k].solve(own.data());
      for (std::size_t i = 0; i < S.size(); ++i) leaf::axpy(1.0 / K_, own.data() + i * n, means.data() + S[i] * n, n);
      LaneTriangle X = factors[k];
      X.invert();
      for (std::size_t t = 0; t < S.size(); ++t)  // P = X' X
        for (std::size_t i = 0; i <= t; ++i)
          for (std::size_t j = 0; j <= i; ++j) leaf::subtract_products(X(t, i), X(t, j), A(S[i], S[j]), n);
    }
    for (std::size_t i = 0; i < z; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        for (std::size_t l = 0; l < n; ++l) A(i, j)[l] = A(i, j)[l] * lanes[l].link / K_ + (i == j ? 1.0 : 0.0);
    A.factorise(std::vector<double>(n, kLeastPivot).data());
    A.solve(means.data());
  }

  // Products of a task with the outcome, the same in every lane.
  std::vector<double> right(std::size_t k, const Places& S, std::size_t n) const {
    std::vector<double> out(S.size() * n);
    for (std::size_t i = 0; i < S.size(); ++i) std::fill_n(out.data() + i * n, n, c_[k * width_ + at_[S[i]]]);
    return out;
  }

  void write(const std::vector<double>& b, std::size_t k, const Places& S, const std::vector<Lane>& lanes,
             double* out) const {
    const std::size_t n = lanes.size();
    for (std::size_t i = 0; i < S.size(); ++i)
      for (std::size_t l = 0; l < n; ++l) out[(lanes[l].model * at_.size() + S[i]) * K_ + k] = b[i * n + l];
  }

  const double *G_, *c_;
  std::size_t K_, width_, q_;
  double keep_ridge_;
  Places at_;
  std::vector<Places> S_;
  Places common_;
};

}  // namespace sparsekin
