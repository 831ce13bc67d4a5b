// The problem a relaxation is of, and what a node of the tree says about it.
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "l0/view.hpp"

namespace sparsekin::exact {

enum Fixed : signed char { kFree = -1, kOut = 0, kIn = 1 };
using Rows = std::vector<std::vector<double>>;        // per task, over the candidates
using Marks = std::vector<std::vector<signed char>>;  // of Fixed, per unit
using Start = std::vector<std::tuple<std::size_t, std::size_t, double>>;  // task, column, b

// When to stop: looked at between moves, since one round over many columns can take longer than is left. `poll` says
// whether somebody wants it to stop now.
class Clock {
 public:
  explicit Clock(double seconds = std::numeric_limits<double>::infinity(), std::function<bool()> poll = {})
      : limited_(seconds < 1e8), poll_(std::move(poll)) {
    if (limited_)
      end_ = Time::now() + std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(seconds));
  }
  bool late() const { return (limited_ && Time::now() > end_) || (poll_ && poll_()); }

 private:
  using Time = std::chrono::steady_clock;
  bool limited_;
  std::function<bool()> poll_;
  Time::time_point end_;
};

struct Data {
  std::vector<std::shared_ptr<View>> views;
  Rows c, d;
  std::vector<std::size_t> s;  // per unit
  double lambda_1 = 0.0, lambda_2 = 0.0, delta = 0.0, constant = 0.0;
  double noise = 1.0;  // by how much means far from 0 magnify rounding in Gram rows
  bool common = false;

  // What moves of b are measured in: F without columns.
  double unit() const { return std::max(constant, 1e-300); }
  std::size_t tasks() const { return views.size(); }
  // What chooses its own columns: each task, or all together where supports are common.
  std::size_t units() const { return common ? 1 : tasks(); }
  std::size_t columns() const { return views[0]->size(); }
  double link() const { return lambda_2 / static_cast<double>(tasks()); }
  // diagonal of Q - D
  double q(std::size_t k, std::size_t j) const {
    return std::max(views[k]->diag(j) + lambda_1 + lambda_2 - link() - d[k][j], 0.0);
  }
  bool usable(std::size_t k, std::size_t j) const { return views[k]->usable(j); }
  // The least d over its diagonal; infinity where no column is usable.
  double least_share() const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < tasks(); ++k)
      for (std::size_t j = 0; j < columns(); ++j)
        if (usable(k, j)) least = std::min(least, d[k][j] / views[k]->diag(j));
    return least;
  }
};

}  // namespace sparsekin::exact
