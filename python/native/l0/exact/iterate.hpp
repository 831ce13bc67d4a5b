// Where the iterations stand: b, the slopes u = c - (Q - D) b, the prices omega of columns and tau of a place. What a
// unit of z is worth there: gain = h(u) - omega, h(u) = u^2 / (2 d), summed over tasks where supports are common.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "l0/exact/active_rows.hpp"
#include "l0/exact/data.hpp"
#include "l0/exact/prices.hpp"
#include "l0/leaf.hpp"

namespace sparsekin::exact {

struct Point {
  Rows omega, b, u;         // (K, p); only the first row of omega counts where supports are common
  std::vector<double> tau;  // per unit
};

struct Iterate : Point {
  explicit Iterate(Data problem)
      : data(std::move(problem)), K(data.tasks()), p(data.columns()), penalty(penalties(data.delta, K)), active(K),
        in_active(K, std::vector<char>(p)), rows_(K, ActiveRows(p)) {
    omega = b = u = Rows(K, std::vector<double>(p));
    tau.resize(data.units());
  }

  const Data data;
  const std::size_t K, p;
  const std::vector<double> penalty;             // of a column in m tasks, m = 0..K
  std::vector<std::vector<std::size_t>> active;  // per task, columns that may have b != 0, as they entered
  std::vector<std::vector<char>> in_active;
  const Marks* fixed = nullptr;

  signed char mark(std::size_t k, std::size_t j) const { return (*fixed)[data.common ? 0 : k][j]; }
  double place(std::size_t k) const { return tau[data.common ? 0 : k]; }

  // The rest but h_of is per unit.
  double cost(std::size_t k, std::size_t j) const { return tau[k] + omega[k][j]; }
  double h_of(std::size_t k, std::size_t j) const {
    if (!data.usable(k, j)) return 0.0;
    return 0.5 * u[k][j] * u[k][j] / data.d[k][j];
  }
  double h(std::size_t k, std::size_t j) const {
    if (!data.common) return h_of(k, j);
    double sum = 0.0;
    for (std::size_t t = 0; t < K; ++t) sum += h_of(t, j);
    return sum;
  }
  double gain(std::size_t k, std::size_t j) const { return h(k, j) - omega[k][j]; }
  // ||sqrt(d) b||
  double length(std::size_t k, std::size_t j) const {
    if (!data.common) return std::sqrt(data.d[k][j]) * std::abs(b[k][j]);
    double sum = 0.0;
    for (std::size_t t = 0; t < K; ++t) sum += data.d[t][j] * b[t][j] * b[t][j];
    return std::sqrt(sum);
  }
  // z implied by b and tau.
  double z(std::size_t k, std::size_t j) const {
    const auto fix = mark(k, j);
    if (fix != kFree) return fix == kIn ? 1.0 : 0.0;
    const double t = cost(k, j), size = length(k, j);
    if (size == 0.0) return 0.0;
    return t <= 0.0 ? 1.0 : std::min(1.0, size / std::sqrt(2.0 * t));
  }
  // Whether no task would select column j even without a penalty: then its prices may be 0.
  bool idle(std::size_t j) const {
    for (std::size_t k = 0; k < K; ++k)
      if (mark(k, j) == kIn || (mark(k, j) == kFree && h(k, j) > tau[k])) return false;
    return true;
  }

  // b as given, 0 elsewhere; what is fixed to be in is active too.
  void reset(const Marks& marks, const Start& start) {
    fixed = &marks;
    for (std::size_t k = 0; k < K; ++k) {
      for (const std::size_t j : active[k]) {
        b[k][j] = 0.0;
        in_active[k][j] = 0;
      }
      active[k].clear();
      rows_[k].clear();
    }
    for (const auto& [k, j, value] : start)
      if (mark(k, j) != kOut && data.usable(k, j)) {
        enter(k, j);
        b[k][j] = value;
      }
    for (std::size_t k = 0; k < K; ++k)
      for (std::size_t j = 0; j < p; ++j)
        if (mark(k, j) == kIn && data.usable(k, j)) enter(k, j);
    refresh_u();
  }
  void enter(std::size_t k, std::size_t j) {
    if (in_active[k][j]) return;
    in_active[k][j] = 1;
    active[k].push_back(j);
  }

  // Between these two, slopes of active columns are where moves change them, and u of other columns stands still.
  void begin_moves() {
    for (std::size_t k = 0; k < K; ++k) {
      rows_[k].load(u[k]);
      rows_[k].extend(*data.views[k], active[k], u[k]);
    }
  }
  void end_moves() {
    for (std::size_t k = 0; k < K; ++k) rows_[k].store(u[k]);
  }
  void write_slopes(std::size_t j) {
    for (std::size_t k = 0; k < K; ++k) u[k][j] = slope(k, j);
  }
  double slope(std::size_t k, std::size_t j) const {
    const auto at = rows_[k].place(j);
    return at < 0 ? u[k][j] : rows_[k].slope(at);
  }
  // b_kj by `step`; slopes of the active columns follow.
  void move(std::size_t k, std::size_t j, double step) {
    if (rows_[k].size() < active[k].size()) rows_[k].extend(*data.views[k], active[k], u[k]);
    b[k][j] += step;
    rows_[k].move(rows_[k].place(j), step, data.q(k, j));
    if (data.lambda_2 > 0.0)
      for (std::size_t other = 0; other < K; ++other)
        if (other != k) shift(other, j, data.link() * step);
  }
  // u of all columns anew.
  void refresh_u() {
    for (std::size_t k = 0; k < K; ++k) {
      u[k] = data.c[k];
      wanted_.clear();
      for (const std::size_t j : active[k])
        if (b[k][j] != 0.0) wanted_.push_back(static_cast<Index>(j));
      data.views[k]->prefetch(wanted_);
      for (const Index j : wanted_) {
        leaf::axpy(-b[k][j], data.views[k]->row(j)->data(), u[k].data(), p);
        u[k][j] += (data.views[k]->diag(j) - data.q(k, j)) * b[k][j];
      }
    }
    if (data.lambda_2 > 0.0 && K > 1)
      for (std::size_t k = 0; k < K; ++k)
        for (const std::size_t j : active[k])
          for (std::size_t other = 0; other < K; ++other)
            if (other != k) u[other][j] += data.link() * b[k][j];
  }

 private:
  void shift(std::size_t k, std::size_t j, double by) {
    const auto at = rows_[k].place(j);
    (at < 0 ? u[k][j] : rows_[k].slope(at)) += by;
  }

  std::vector<ActiveRows> rows_;
  std::vector<Index> wanted_;
};

}  // namespace sparsekin::exact
