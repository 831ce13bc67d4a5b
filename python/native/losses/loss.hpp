// Losses of one task, f(eta), as `sparsekin.losses` has them: what Newton's method needs of them, in one pass.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "l0/leaf.hpp"

namespace sparsekin {

using ColumnList = std::vector<const double*>;  // each n long

class Loss {
 public:
  virtual ~Loss() = default;
  virtual std::size_t rows() const = 0;
  // f at eta; -df/deta and the diagonal of its curvature H are written to `residual` and `weights`, and what `gram` needs
  // is kept.
  virtual double at(const double* eta, double* residual, double* weights) = 0;
  // H[i * m + j], j <= i < m: Z'H Z at the last eta, its diagonal given as `weights`.
  virtual void gram(const ColumnList& Z, const double* weights, double* H) const { weighted_gram(Z, rows(), weights, H); }

  static void weighted_gram(const ColumnList& Z, std::size_t n, const double* w, double* H) {
    const std::size_t m = Z.size();
    std::fill(H, H + m * m, 0.0);
    std::vector<double> v(std::min(n, kTile)), sums(m);
    ColumnList tile(m);
    for (std::size_t t = 0; t < n; t += kTile) {
      const std::size_t width = std::min(kTile, n - t);
      for (std::size_t i = 0; i < m; ++i) tile[i] = Z[i] + t;
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t r = 0; r < width; ++r) v[r] = w[t + r] * tile[i][r];
        leaf::cross(tile.data(), i + 1, v.data(), width, sums.data());
        for (std::size_t j = 0; j <= i; ++j) H[i * m + j] += sums[j];
      }
    }
  }

 private:
  static constexpr std::size_t kTile = 512;
};

}  // namespace sparsekin
