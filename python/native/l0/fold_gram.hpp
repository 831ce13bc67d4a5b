// Folds share their Gram rows: rows are sorted by fold, and for a column j the partial sums
//   P_f[j, l] = sum_{i in fold f} w_i x~_ij x~_il,   x~ = M x = x - Q Q' W x over all rows,
// are read once for all folds. Without fold f, and with the unpenalised columns profiled out of what is left,
//   (x_j' x_l)_-f = sum_g P_g - P_f - A_f[j]' S_f A_f[l],   A_f[l] = sum_{fold f} w x~_l Q,   S_f = (I - (Q' W Q)_f)^-1.
#pragma once
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "l0/source.hpp"

namespace sparsekin {

class FoldGram {
 public:
  // starts: first row of each of the F folds, and n. The arrays must outlive the object.
  FoldGram(const double* X, std::size_t stride, std::size_t n, std::size_t p, const double* weights,
           const double* basis, std::size_t rank, std::vector<std::size_t> starts)
      : X_(X), stride_(stride), n_(n), p_(p), weights_(weights), basis_(basis), rank_(rank),
        starts_(std::move(starts)), a_(p * rank), A_(folds() * p * rank) {}

  std::size_t folds() const { return starts_.size() - 1; }
  std::size_t p() const { return p_; }
  std::size_t rank() const { return rank_; }
  const double* A(std::size_t f, Index l) const { return A_.data() + (f * p_ + static_cast<std::size_t>(l)) * rank_; }

  // Per fold: square[f p + l] = P_f[l, l] and c[(f K + k) p + l] = sum_{fold f} w x~_l y_k. y: K outcomes, M y.
  void profile(const double* y, std::size_t outcomes, double* square, double* c) {
    std::vector<double> v(n_), vw(n_);
    for (std::size_t l = 0; l < p_; ++l) {
      residual(static_cast<Index>(l), v.data(), vw.data(), a_.data() + l * rank_);
      for (std::size_t f = 0; f < folds(); ++f) {
        const std::size_t at = starts_[f], size = starts_[f + 1] - at;
        square[f * p_ + l] = leaf::dot(v.data() + at, vw.data() + at, size);
        for (std::size_t r = 0; r < rank_; ++r)
          A_[(f * p_ + l) * rank_ + r] = leaf::dot(vw.data() + at, basis_ + r * n_ + at, size);
        for (std::size_t k = 0; k < outcomes; ++k)
          c[(f * outcomes + k) * p_ + l] = leaf::dot(vw.data() + at, y + k * n_ + at, size);
      }
    }
  }

  std::size_t rows() const { return n_; }
  // Column j without fold f, profiled there: x~ - Q S_f (Q' W x~)_-f outside the fold, 0 in it.
  void training_column(std::size_t f, Index j, const std::vector<double>& S, double* out) const {
    std::vector<double> w(n_), a(rank_);
    residual(j, out, w.data(), a.data());
    for (int pass = 0; pass < 2; ++pass) {
      std::fill(out + starts_[f], out + starts_[f + 1], 0.0);
      weigh(out, w.data());
      for (std::size_t r = 0; r < rank_; ++r) a[r] = leaf::dot(basis_ + r * n_, w.data(), n_);
      for (std::size_t r = 0; r < rank_; ++r)
        leaf::axpy(-leaf::dot(S.data() + r * rank_, a.data(), rank_), basis_ + r * n_, out, n_);
    }
    std::fill(out + starts_[f], out + starts_[f + 1], 0.0);
  }
  void weigh(const double* v, double* out) const {
    for (std::size_t i = 0; i < n_; ++i) out[i] = weights_ ? weights_[i] * v[i] : v[i];
  }

  // P_f[j, .] for f = 0..F-1, then their sum: (F + 1) p numbers. Safe to call from several threads.
  std::shared_ptr<const std::vector<double>> partial(Index j) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = cache_.find(j);
      if (found != cache_.end()) return found->second;
    }
    auto fresh = std::make_shared<std::vector<double>>((folds() + 1) * p_);
    read(j, fresh->data());
    const std::lock_guard<std::mutex> lock(mutex_);
    if (cache_.size() * fresh->size() * sizeof(double) > kCacheBytes) cache_.clear();
    return cache_.emplace(j, fresh).first->second;
  }

 private:
  static constexpr std::size_t kCacheBytes = std::size_t{1} << 27;

  void read(Index j, double* out) const {
    std::vector<double> v(n_), vw(n_), a(rank_);
    std::vector<const double*> columns(p_);
    residual(j, v.data(), vw.data(), a.data());
    double* total = out + folds() * p_;
    for (std::size_t f = 0; f < folds(); ++f) {
      double* P = out + f * p_;
      for (std::size_t l = 0; l < p_; ++l) columns[l] = X_ + l * stride_ + starts_[f];
      leaf::cross(columns.data(), p_, vw.data() + starts_[f], starts_[f + 1] - starts_[f], P);
      const double* q = A(f, j);
      for (std::size_t l = 0; l < p_; ++l) {
        for (std::size_t r = 0; r < rank_; ++r) P[l] -= a_[l * rank_ + r] * q[r];
        total[l] += P[l];
      }
    }
  }

  // v = M x_j, vw = W M x_j, a = Q' W x_j; twice, as a large mean leaves rounding behind.
  void residual(Index j, double* v, double* vw, double* a) const {
    std::copy(X_ + static_cast<std::size_t>(j) * stride_, X_ + static_cast<std::size_t>(j) * stride_ + n_, v);
    std::fill(a, a + rank_, 0.0);
    for (int pass = 0; pass < 3; ++pass) {
      for (std::size_t i = 0; i < n_; ++i) vw[i] = weights_ ? weights_[i] * v[i] : v[i];
      if (pass == 2) return;
      std::vector<double> step(rank_);
      for (std::size_t r = 0; r < rank_; ++r) step[r] = leaf::dot(basis_ + r * n_, vw, n_);
      for (std::size_t r = 0; r < rank_; ++r) {
        leaf::axpy(-step[r], basis_ + r * n_, v, n_);
        a[r] += step[r];
      }
    }
  }

  const double* X_;
  std::size_t stride_, n_, p_;
  const double* weights_;
  const double* basis_;
  std::size_t rank_;
  std::vector<std::size_t> starts_;
  std::vector<double> a_, A_;
  std::mutex mutex_;
  std::unordered_map<Index, std::shared_ptr<const std::vector<double>>> cache_;
};

// All rows but those of one fold.
class FoldSource final : public Source {
 public:
  // S: rank x rank, symmetric.
  FoldSource(std::shared_ptr<FoldGram> gram, std::size_t fold, const double* inverse_scale, double factor,
             std::vector<double> S)
      : Source(gram->p(), inverse_scale, factor), gram_(std::move(gram)), fold_(fold), S_(std::move(S)) {}

  void rows(const Index* candidates, std::size_t m, const std::vector<Index>& js, double* const* out) override {
    const std::size_t rank = gram_->rank();
    std::vector<double> u(rank);
    for (std::size_t r = 0; r < js.size(); ++r) {
      const auto partial = gram_->partial(js[r]);
      const double* P = partial->data() + fold_ * p_;
      const double* total = partial->data() + gram_->folds() * p_;
      for (std::size_t x = 0; x < rank; ++x) u[x] = leaf::dot(&S_[x * rank], gram_->A(fold_, js[r]), rank);
      const double a = factor_ * inverse_scale_[js[r]];
      for (std::size_t i = 0; i < m; ++i) {
        const Index l = candidates[i];
        double value = total[l] - P[l];
        for (std::size_t x = 0; x < rank; ++x) value -= u[x] * gram_->A(fold_, l)[x];
        out[r][i] = a * inverse_scale_[l] * value;
      }
    }
  }

 protected:
  std::size_t size() const override { return gram_->rows(); }
  void profiled(Index j, double* out) const override { gram_->training_column(fold_, j, S_, out); }
  void weighted(const double* v, double* out) const override { gram_->weigh(v, out); }

 private:
  std::shared_ptr<FoldGram> gram_;
  std::size_t fold_;
  std::vector<double> S_;
};

}  // namespace sparsekin
