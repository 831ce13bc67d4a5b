// Where Gram rows come from. A source knows one task's design and never forms X'X.
//   G_jl = f (M x_j)' W (M x_l) / (scale_j scale_l),   M = I - Q Q' W removes intercept and always-in columns,
//   f = w_k / n_k. Standardisation is lazy: X is read as the user gave it. W is diagonal, or a `Curvature`.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "l0/curvature.hpp"
#include "l0/leaf.hpp"

namespace sparsekin {

using Index = std::int32_t;

class Source {
 public:
  // inverse_scale is 0 where a column may not be selected in this task.
  Source(std::size_t p, const double* inverse_scale, double factor)
      : p_(p), inverse_scale_(inverse_scale), factor_(factor) {}
  virtual ~Source() = default;

  std::size_t p() const { return p_; }
  bool usable(Index j) const { return inverse_scale_[j] != 0.0; }
  // out[r][i] = G_{js[r], candidates[i]}
  virtual void rows(const Index* candidates, std::size_t m, const std::vector<Index>& js, double* const* out) = 0;
  // What columns S leave of column j at coefficients u (standardised scale): its square; cross[i] = f x_i' W of it.
  double residual_square(Index j, const std::vector<Index>& S, const std::vector<double>& u,
                         std::vector<double>& cross) const {
    const std::size_t n = size();
    std::vector<double> v(n), w(n), x(n * S.size());
    profiled(j, v.data());
    for (auto& one : v) one *= inverse_scale_[j];
    for (std::size_t i = 0; i < S.size(); ++i) {
      profiled(S[i], x.data() + i * n);
      leaf::axpy(-u[i] * inverse_scale_[S[i]], x.data() + i * n, v.data(), n);
    }
    weighted(v.data(), w.data());
    for (std::size_t i = 0; i < S.size(); ++i)
      cross[i] = factor_ * inverse_scale_[S[i]] * leaf::dot(x.data() + i * n, w.data(), n);
    return factor_ * leaf::dot(v.data(), w.data(), n);
  }
  // The same, crossed with every candidate.
  void residual_row(Index j, const std::vector<Index>& S, const std::vector<double>& u,
                    const std::vector<Index>& candidates, double* out) const {
    const std::size_t n = size();
    std::vector<double> v(n), w(n), x(n);
    profiled(j, v.data());
    for (auto& one : v) one *= inverse_scale_[j];
    for (std::size_t i = 0; i < S.size(); ++i) {
      profiled(S[i], x.data());
      leaf::axpy(-u[i] * inverse_scale_[S[i]], x.data(), v.data(), n);
    }
    weighted(v.data(), w.data());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      profiled(candidates[i], x.data());
      out[i] = factor_ * inverse_scale_[candidates[i]] * leaf::dot(x.data(), w.data(), n);
    }
  }

 protected:
  virtual std::size_t size() const = 0;                           // rows
  virtual void profiled(Index j, double* out) const = 0;          // M x_j
  virtual void weighted(const double* v, double* out) const = 0;  // W v

  std::size_t p_;
  const double* inverse_scale_;
  double factor_;
};

// From the rows of the task.
class RowSource : public Source {
 public:
  RowSource(std::size_t n, std::size_t p, const double* weights, const double* basis, std::size_t rank,
            const double* inverse_scale, double factor, std::shared_ptr<const Curvature> curvature)
      : Source(p, inverse_scale, factor),
        n_(n),
        weights_(weights),
        basis_(basis),
        rank_(rank),
        curvature_(std::move(curvature)) {}

  // X is read once for all of js.
  void rows(const Index* candidates, std::size_t m, const std::vector<Index>& js, double* const* out) override {
    std::vector<double> v(n_ * js.size());
    for (std::size_t r = 0; r < js.size(); ++r) {
      column(js[r], v.data() + r * n_);
      residualize(v.data() + r * n_);
      weigh(v.data() + r * n_);
    }
    std::vector<const double*> vectors;
    for (std::size_t r = 0; r < js.size(); ++r) vectors.push_back(v.data() + r * n_);
    cross(candidates, m, vectors, out);
    for (std::size_t r = 0; r < js.size(); ++r) {
      const double a = factor_ * inverse_scale_[js[r]];
      for (std::size_t i = 0; i < m; ++i) out[r][i] *= a * inverse_scale_[candidates[i]];
    }
  }

  // diag[i] = G_jj and, for each of K outcomes (columns of length n), c[k p + j] = f (M x_j)' W y_k / scale_j.
  // False where `stop` ended it.
  bool profile(const double* y, std::size_t outcomes, double* diag, double* c, const std::function<bool()>& stop) {
    std::vector<double> residual(y, y + n_ * outcomes), v(n_);
    for (std::size_t k = 0; k < outcomes; ++k) {
      residualize(residual.data() + k * n_);
      weigh(residual.data() + k * n_);
    }
    for (std::size_t j = 0; j < p_; ++j) {
      if (j % kLook == 0 && stop()) return false;
      const double scale = inverse_scale_[j];
      diag[j] = 0.0;
      for (std::size_t k = 0; k < outcomes; ++k) c[k * p_ + j] = 0.0;
      if (scale == 0.0) continue;
      profiled(static_cast<Index>(j), v.data());
      for (std::size_t k = 0; k < outcomes; ++k)
        c[k * p_ + j] = factor_ * scale * leaf::dot(v.data(), residual.data() + k * n_, n_);
      diag[j] = factor_ * scale * scale * square(v.data());
    }
    return true;
  }

  // The same of one outcome of which r = M' W y is known, one look at each column: that M takes anything from it is only
  // worked out where it takes nearly all.
  bool profile_known(const double* r, double* diag, double* c, const std::function<bool()>& stop) {
    std::vector<double> held(kLanes * n_), against(basis_, basis_ + rank_ * n_);
    for (std::size_t q = 0; q < rank_; ++q) weigh(against.data() + q * n_);
    for (std::size_t from = 0; from < p_; from += kLanes) {
      if (from % kLook == 0 && stop()) return false;
      const std::size_t lanes = std::min(kLanes, p_ - from);
      const double* x[kLanes];
      double squares[kLanes];
      for (std::size_t l = 0; l < lanes; ++l) x[l] = look(static_cast<Index>(from + l), held.data() + l * n_);
      for (std::size_t l = lanes; l < kLanes; ++l) x[l] = x[0];
      if (curvature_)
        curvature_->squares(x, squares);
      else
        for (std::size_t l = 0; l < lanes; ++l) squares[l] = weights_ ? leaf::weighted_square(weights_, x[l], n_) : leaf::dot(x[l], x[l], n_);
      for (std::size_t l = 0; l < lanes; ++l) {
        const std::size_t j = from + l;
        const double scale = inverse_scale_[j];
        double left = squares[l];
        for (std::size_t q = 0; q < rank_; ++q) {
          const double a = leaf::dot(against.data() + q * n_, x[l], n_);
          left -= a * a;
        }
        if (rank_ > 0 && !(left > kPlain * squares[l])) {
          if (x[l] != held.data() + l * n_) std::copy(x[l], x[l] + n_, held.data() + l * n_);
          x[l] = held.data() + l * n_;
          residualize(held.data() + l * n_);
          left = square(x[l]);
        }
        diag[j] = scale == 0.0 ? 0.0 : factor_ * scale * scale * left;
        c[j] = scale == 0.0 ? 0.0 : factor_ * scale * leaf::dot(x[l], r, n_);
      }
    }
    return true;
  }

 protected:
  std::size_t size() const override { return n_; }
  void profiled(Index j, double* out) const override {
    column(j, out);
    residualize(out);
  }
  void weighted(const double* v, double* out) const override {
    std::copy(v, v + n_, out);
    weigh(out);
  }
  virtual void column(Index j, double* out) const = 0;
  // x_j, which may stand in `held`.
  virtual const double* look(Index j, double* held) const {
    column(j, held);
    return held;
  }
  // out[r][i] = x_candidates[i]' v[r]
  virtual void cross(const Index* candidates, std::size_t m, const std::vector<const double*>& v,
                     double* const* out) = 0;

  std::size_t n_;

 private:
  // Twice: the second pass removes what rounding left of a large mean.
  void residualize(double* v) const {
    if (rank_ == 0) return;
    const bool plain = !weights_ && !curvature_;
    std::vector<double> weighted(plain ? 0 : n_);
    for (int pass = 0; pass < 2; ++pass) {
      const double* u = v;
      std::vector<double> a(rank_);
      if (!plain) {
        std::copy(v, v + n_, weighted.begin());
        weigh(weighted.data());
        u = weighted.data();
      }
      for (std::size_t r = 0; r < rank_; ++r) a[r] = leaf::dot(basis_ + r * n_, u, n_);
      for (std::size_t r = 0; r < rank_; ++r) leaf::axpy(-a[r], basis_ + r * n_, v, n_);
    }
  }
  void weigh(double* v) const {
    if (curvature_)
      curvature_->apply(v, v);
    else if (weights_)
      for (std::size_t i = 0; i < n_; ++i) v[i] *= weights_[i];
  }
  double square(const double* v) const {
    if (curvature_) return curvature_->square(v);
    if (!weights_) return leaf::dot(v, v, n_);
    double sum = 0.0;
    for (std::size_t i = 0; i < n_; ++i) sum += weights_[i] * v[i] * v[i];
    return sum;
  }

  static constexpr std::size_t kLook = 64;  // columns between looks at whether to stop
  static constexpr std::size_t kLanes = Curvature::kLanes;
  static constexpr double kPlain = 1e-3;    // share of a column's square that must be left for a difference to be trusted
  const double* weights_;
  const double* basis_;
  std::size_t rank_;
  std::shared_ptr<const Curvature> curvature_;
};

class DenseSource final : public RowSource {
 public:
  DenseSource(const double* X, std::size_t stride, std::size_t n, std::size_t p, const double* weights,
              const double* basis, std::size_t rank, const double* inverse_scale, double factor,
              std::shared_ptr<const Curvature> curvature = nullptr)
      : RowSource(n, p, weights, basis, rank, inverse_scale, factor, std::move(curvature)), X_(X), stride_(stride) {}

 protected:
  void column(Index j, double* out) const override {
    const double* x = X_ + static_cast<std::size_t>(j) * stride_;
    std::copy(x, x + n_, out);
  }
  const double* look(Index j, double*) const override { return X_ + static_cast<std::size_t>(j) * stride_; }
  void cross(const Index* candidates, std::size_t m, const std::vector<const double*>& v,
             double* const* out) override {
    columns_.resize(m);
    for (std::size_t i = 0; i < m; ++i) columns_[i] = X_ + static_cast<std::size_t>(candidates[i]) * stride_;
    const std::size_t piece = v.size() == 1 ? m : std::max<std::size_t>(16, kPieceBytes / (sizeof(double) * n_));
    for (std::size_t t = 0; t < m; t += piece) {
      const std::size_t width = std::min(piece, m - t);
      std::size_t r = 0;
      for (; r + 4 <= v.size(); r += 4) {
        double* const four[] = {out[r] + t, out[r + 1] + t, out[r + 2] + t, out[r + 3] + t};
        leaf::cross_four(&columns_[t], width, &v[r], n_, four);
      }
      for (; r < v.size(); ++r) leaf::cross(&columns_[t], width, v[r], n_, out[r] + t);
    }
  }

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 18;  // stays in the cache between vectors
  const double* X_;
  std::size_t stride_;
  std::vector<const double*> columns_;
};

class SparseSource final : public RowSource {
 public:
  SparseSource(const double* data, const Index* row_of, const std::int64_t* start, std::size_t n, std::size_t p,
               const double* weights, const double* basis, std::size_t rank, const double* inverse_scale,
               double factor, std::shared_ptr<const Curvature> curvature = nullptr)
      : RowSource(n, p, weights, basis, rank, inverse_scale, factor, std::move(curvature)),
        data_(data),
        row_of_(row_of),
        start_(start) {}

 protected:
  void column(Index j, double* out) const override {
    std::fill(out, out + n_, 0.0);
    for (std::int64_t e = start_[j]; e < start_[j + 1]; ++e) out[row_of_[e]] += data_[e];
  }
  void cross(const Index* candidates, std::size_t m, const std::vector<const double*>& v,
             double* const* out) override {
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t r = 0; r < v.size(); ++r) {
        double sum = 0.0;
        for (std::int64_t e = start_[candidates[i]]; e < start_[candidates[i] + 1]; ++e)
          sum += data_[e] * v[r][row_of_[e]];
        out[r][i] = sum;
      }
  }

 private:
  const double* data_;
  const Index* row_of_;
  const std::int64_t* start_;
};

}  // namespace sparsekin
