// The inverse of a growing and shrinking symmetric matrix, in one flat buffer. Rows are padded with zeros to whole vectors.
#pragma once
#include <algorithm>
#include <vector>

#include "l0/leaf.hpp"

namespace sparsekin {

inline std::size_t padded(std::size_t n) { return (n + 7) / 8 * 8; }

class Inverse {
 public:
  std::size_t size() const { return n_; }
  std::size_t width() const { return width_; }
  // After one more has joined; places once taken are never given back.
  std::size_t next_width() const { return std::max(width_, padded(n_ + 1)); }
  const double* row(std::size_t i) const { return M_.data() + i * width_; }
  double operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }
  const double* data() const { return M_.data(); }

  // y += M x; both of width() numbers.
  void add_product(const double* x, double* y) const { leaf::add_product(M_.data(), x, n_, width_, y); }

  // A row and a column join; v: M times the column, next_width() numbers, zeros from size() on;
  // h: what is left of its diagonal entry.
  void grow(const double* v, double h) {
    widen(n_ + 1);
    leaf::add_square(1.0 / h, v, n_, M_.data(), width_);
    for (std::size_t i = 0; i < n_; ++i) at(i, n_) = at(n_, i) = -v[i] / h;
    at(n_, n_) = 1.0 / h;
    ++n_;
  }
  // Row and column r leave; their place stays, full of zeros.
  void fade(std::size_t r) {
    const std::vector<double> out(row(r), row(r) + width_);
    leaf::add_square(-1.0 / out[r], out.data(), n_, M_.data(), width_);
    for (std::size_t i = 0; i < n_; ++i) at(i, r) = at(r, i) = 0.0;
  }
  // Row and column r leave; the last takes their place.
  void erase(std::size_t r) {
    fade(r);
    const std::size_t last = n_ - 1;
    if (r != last) {
      std::copy(row(last), row(last) + n_, M_.data() + r * width_);
      for (std::size_t i = 0; i < last; ++i) at(i, r) = at(i, last);
      at(r, r) = at(last, last);
    }
    for (std::size_t i = 0; i < last; ++i) at(i, last) = 0.0;
    M_.resize(last * width_);
    n_ = last;
  }

 private:
  double& at(std::size_t i, std::size_t j) { return M_[i * width_ + j]; }
  void widen(std::size_t n) {
    if (n > width_) {
      const std::size_t old = width_;
      width_ = padded(n);
      std::vector<double> wider(n_ * width_);
      for (std::size_t i = 0; i < n_; ++i) std::copy(M_.data() + i * old, M_.data() + i * old + n_, wider.data() + i * width_);
      M_ = std::move(wider);
    }
    M_.resize(n * width_);
  }

  std::size_t n_ = 0, width_ = 0;
  std::vector<double> M_;
};

}  // namespace sparsekin
