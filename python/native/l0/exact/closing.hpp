// A node with one to three places left, closed without children: the exact value of every way to fill them.
//   With I in, A = L^-1 G_IF, L L' = G_II + lambda_1 I: h_j = G_jj + lambda_1 - |A_j|^2, g_j = c_j - A_j' L^-1 c_I;
//   a column is worth g_j^2 / (2 h_j), a second one (g_j - r g_i / h_i)^2 / (2 (h_j - r^2 / h_i)), r = G_ij - A_i'A_j.
// Sums over tasks where they share one support; prices are added per column.
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "l0/exact/relaxation.hpp"
#include "l0/exact/screen.hpp"

namespace sparsekin::exact {

struct Filling {
  double value;
  Index first, second, third;  // -1: place left empty
  bool operator<(const Filling& other) const { return value < other.value; }
};

class Closing {
 public:
  // mark: of the only unit. near: of the only task, or null: then all pairs are looked at. False in `sound` where a column
  // is too close to the span of those that are in, or the clock ran out.
  Closing(const Data& data, const std::vector<double>& omega, const std::vector<signed char>& mark, const Near* near,
          const Clock& clock)
      : D_(data), omega_(omega), near_(near), clock_(clock), mark_(mark) {
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

  // Everything whose value is below `below`, the best `most` of it. Three places: false in `sound` afterwards where that
  // takes more than kFirst looks at pairs.
  std::vector<Filling> fill(std::size_t room, double below, std::size_t most) {
    if (value_ < below) found_.push_back({value_, -1, -1, -1});
    const std::size_t m = free_.size();
    weigh_alone();
    for (std::size_t j = 0; j < m && room > 0; ++j)
      if (value_ - worth_[j] + price_[j] < below) found_.push_back({value_ - worth_[j] + price_[j], free_[j], -1, -1});
    if (room > 1) near_ ? likely_pairs(below, most) : all_pairs(below, most);
    if (room > 2 && sound_) likely_triples(below, most);
    keep_best(most);
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kFirst = 100;  // of three columns, those that may be worth it
  static constexpr std::size_t kAtOnce = 16;  // Gram rows read between two looks at the clock
  static constexpr double kBlur = 1e-10;  // rounding of what a pair must be worth
  static constexpr double kShare = 1e-6;  // of its square a column must keep beside the others, else rounding counts

  struct Part {
    std::shared_ptr<View> view;
    std::vector<std::vector<double>> A;  // one row per column that is in
    std::vector<double> g, h, q, least;  // q: h beside nothing; least: what h must keep
  };

  bool add(std::size_t k) {
    Part part{D_.views[k], {}, {}, {}, {}, {}};
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
    part.q = part.h;
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

  void weigh_alone() {
    const std::size_t m = free_.size();
    worth_.assign(m, 0.0);
    for (const auto& part : parts_)
      for (std::size_t j = 0; j < m; ++j) worth_[j] += 0.5 * part.g[j] * part.g[j] / part.h[j];
  }

  void all_pairs(double below, std::size_t most) {
    std::vector<std::size_t> every(free_.size());
    std::iota(every.begin(), every.end(), 0);
    for_each(every, [&](std::size_t i) {
      if (i + 1 == free_.size()) return;
      weigh(i, i + 1);
      keep(i, i + 1, below, most, [](std::size_t) { return true; });
    });
  }

  // The pairs that may be worth it: rows of one column of each.
  void likely_pairs(double below, std::size_t most) {
    const auto place = places();
    std::vector<char> done(free_.size());
    for_each(Screen(*near_, rest(), place).cover(least(below)), [&](std::size_t i) {
      weigh(i, 0);
      done[i] = 1;
      keep(i, 0, below, most, [&](std::size_t j) { return !done[j]; });
    });
  }

  // Look at free columns one by one, their rows read some at a time, as long as there is time.
  template <class Look>
  void for_each(const std::vector<std::size_t>& wanted, Look look) {
    std::vector<Index> rows;
    for (std::size_t from = 0; from < wanted.size(); from += kAtOnce) {
      const std::size_t end = std::min(from + kAtOnce, wanted.size());
      rows.clear();
      for (std::size_t a = from; a < end; ++a) rows.push_back(free_[wanted[a]]);
      for (auto& part : parts_) part.view->prefetch(rows);
      for (std::size_t a = from; a < end; ++a) {
        if (clock_.late()) {
          sound_ = false;
          return;
        }
        look(wanted[a]);
      }
    }
  }

  // Each of a few columns with the pairs beside it, of the columns that are left.
  void likely_triples(double below, std::size_t most) {
    const auto place = places();
    auto cover = free_.size() < 3 ? std::vector<std::size_t>{} : Screen(*near_, rest(), place).cover_triples(least(below));
    if (cover.size() > kFirst) {
      sound_ = false;
      return;
    }
    std::sort(cover.begin(), cover.end(), [&](auto i, auto j) { return worth_[i] > worth_[j]; });
    auto mark = mark_;
    for (const std::size_t i : cover) {
      const auto column = static_cast<std::size_t>(free_[i]);
      mark[column] = kIn;
      Closing child(D_, omega_, mark, near_, clock_);
      mark[column] = kOut;
      if (child.sound_) {
        child.weigh_alone();
        child.likely_pairs(below, most);
      }
      sound_ = child.sound_;
      if (!sound_) return;
      for (auto& filling : child.found_) {
        filling.third = free_[i];
        found_.push_back(filling);
      }
      if (found_.size() > 4 * most) keep_best(most);
    }
  }

  std::vector<std::int32_t> places() const {
    std::vector<std::int32_t> place(mark_.size(), -1);
    for (std::size_t i = 0; i < free_.size(); ++i) place[static_cast<std::size_t>(free_[i])] = static_cast<std::int32_t>(i);
    return place;
  }
  Rest rest() const { return {free_, worth_, parts_[0].h, parts_[0].q, price_, parts_[0].A}; }
  // What columns must add to be below `below`, less what rounding can hide.
  double least(double below) const { return value_ - below - kBlur * (std::abs(value_) + std::abs(below)); }

  // gain_: what the columns from `from` on add beside column i.
  void weigh(std::size_t i, std::size_t from) {
    const std::size_t n = free_.size() - from;
    gain_.resize(n), r_.resize(n);
    for (std::size_t j = 0; j < n; ++j) gain_[j] = -price_[from + j];
    for (const auto& part : parts_) {
      const auto row = part.view->row(free_[i]);
      for (std::size_t j = 0; j < n; ++j) r_[j] = (*row)[free_[from + j]];
      for (const auto& a : part.A) leaf::axpy(-a[i], a.data() + from, r_.data(), n);
      leaf::add_second(part.g.data() + from, part.h.data() + from, r_.data(), part.g[i] / part.h[i], 1.0 / part.h[i],
                       part.least.data() + from, gain_.data(), n);
    }
  }
  template <class Wanted>
  void keep(std::size_t i, std::size_t from, double below, std::size_t most, Wanted wanted) {
    const std::size_t n = gain_.size();
    const double alone = value_ - worth_[i] + price_[i];
    if (leaf::above(gain_.data(), alone - below, n) == 0) return;
    for (std::size_t j = 0; j < n; ++j)
      if (alone - gain_[j] < below && wanted(from + j))
        found_.push_back({alone - gain_[j], free_[i], free_[from + j], -1});
    if (found_.size() > 4 * most) keep_best(most);
  }

  void keep_best(std::size_t most) {
    if (found_.size() <= most) return;
    std::nth_element(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(most), found_.end());
    found_.resize(most);
  }

  const Data& D_;
  const std::vector<double>& omega_;
  const Near* near_;
  const Clock& clock_;
  std::vector<signed char> mark_;
  std::vector<Index> in_, free_;
  std::vector<Part> parts_;
  std::vector<double> price_, worth_, gain_, r_;
  std::vector<Filling> found_;
  double value_ = 0.0;
  bool sound_ = true;
};

}  // namespace sparsekin::exact
