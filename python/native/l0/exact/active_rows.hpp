// Gram rows of the active columns of one task over the active columns, side by side, and the slopes that moves change.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "l0/leaf.hpp"
#include "l0/view.hpp"

namespace sparsekin::exact {

class ActiveRows {
 public:
  explicit ActiveRows(std::size_t p) : place_(p, -1) {}

  std::size_t size() const { return columns_.size(); }
  // Where column j is; -1 where it is not.
  std::int32_t place(std::size_t j) const { return place_[j]; }
  double slope(std::int32_t at) const { return slope_[static_cast<std::size_t>(at)]; }
  double& slope(std::int32_t at) { return slope_[static_cast<std::size_t>(at)]; }

  void clear() {
    for (const std::size_t j : columns_) place_[j] = -1;
    columns_.clear();
    slope_.clear();
  }
  // Columns of `active` from the last one known on; slopes are those of u.
  void extend(View& view, const std::vector<std::size_t>& active, const std::vector<double>& u) {
    if (active.size() > width_) widen(active.size());
    fresh_.assign(active.begin() + static_cast<std::ptrdiff_t>(size()), active.end());
    view.prefetch(fresh_);
    for (const Index column : fresh_) {
      const auto j = static_cast<std::size_t>(column);
      const std::size_t at = size();
      columns_.push_back(j);
      slope_.push_back(u[j]);
      place_[j] = static_cast<std::int32_t>(at);
      const auto row = view.row(column);
      for (std::size_t i = 0; i <= at; ++i) rows_[at * width_ + i] = rows_[i * width_ + at] = (*row)[columns_[i]];
    }
  }
  // Slopes from u, and into it.
  void load(const std::vector<double>& u) {
    for (std::size_t i = 0; i < size(); ++i) slope_[i] = u[columns_[i]];
  }
  void store(std::vector<double>& u) const {
    for (std::size_t i = 0; i < size(); ++i) u[columns_[i]] = slope_[i];
  }
  // b of a column by `step`; its own slope falls by q for each unit, which is less than its row holds.
  void move(std::int32_t at, double step, double q) {
    const double own = slope(at) - step * q;
    leaf::axpy(-step, rows_.data() + static_cast<std::size_t>(at) * width_, slope_.data(), size());
    slope(at) = own;
  }

 private:
  void widen(std::size_t least) {
    const std::size_t width = std::max(least + least / 2, std::size_t{64});
    std::vector<double> rows(width * width);
    for (std::size_t i = 0; i < size(); ++i)
      std::copy_n(rows_.data() + i * width_, size(), rows.data() + i * width);
    rows_ = std::move(rows);
    width_ = width;
  }

  std::vector<std::int32_t> place_;
  std::vector<std::size_t> columns_;
  std::vector<double> slope_, rows_;
  std::vector<Index> fresh_;
  std::size_t width_ = 0;
};

}  // namespace sparsekin::exact
