// Which columns a pair worth listing must hold one of, without a look at all pairs.
//   Beside the columns that are in, i and j together are worth at most (w_i + w_j) / (1 - |rho|), w = g^2 / (2 h), rho their
//   partial correlation, (G_ij - A_i'A_j) / sqrt(h_i h_j). With q the diagonal, t = |A|^2 / q = 1 - h / q and
//   |G_ij| <= gamma sqrt(q_i q_j), |rho| <= (gamma + sqrt(t_i t_j)) / sqrt((1 - t_i) (1 - t_j)). Pairs of a larger G_ij are
//   known by name, and their rho is computed.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "l0/source.hpp"

namespace sparsekin::exact {

// Pairs of columns of one task with |G_ij| > limit sqrt(q_i q_j), and all others below that; known to within `error`.
struct Near {
  std::vector<Index> first, second;
  std::vector<float> share;  // G_ij / sqrt(q_i q_j)
  double limit = 1.0, error = 0.0;
  double triples = 0.0;        // 0: nothing is known of them
  std::vector<Index> tight;
  std::vector<std::size_t> strong;            // pairs that two columns of little worth may need
  std::vector<std::size_t> start;             // of p + 1: where the partners of a column stand
  std::vector<Index> partner;
  std::vector<float> partner_share;

  // Makes the last four.
  void index(std::size_t p) {
    start.assign(p + 1, 0);
    for (const auto* side : {&first, &second})
      for (const Index j : *side) ++start[static_cast<std::size_t>(j) + 1];
    for (std::size_t j = 0; j < p; ++j) start[j + 1] += start[j];
    auto next = start;
    partner.resize(2 * first.size()), partner_share.resize(2 * first.size());
    for (std::size_t e = 0; e < first.size(); ++e) {
      const auto i = static_cast<std::size_t>(first[e]), j = static_cast<std::size_t>(second[e]);
      partner[next[i]] = second[e], partner_share[next[i]++] = share[e];
      partner[next[j]] = first[e], partner_share[next[j]++] = share[e];
      if (std::abs(share[e]) + error >= kStrong) strong.push_back(e);
    }
  }

 private:
  // With t <= .3 of both gone, a smaller share leaves a partial correlation below .95.
  static constexpr double kStrong = 0.36;
};

// What is left of the free columns beside those that are in.
struct Rest {
  const std::vector<Index>& column;
  const std::vector<double>&worth, &h, &q, &price;  // worth: g^2 / (2 h)
  const std::vector<std::vector<double>>& A;
};

class Screen {
 public:
  // place[j]: of column j among the free, -1 where it is not.
  Screen(const Near& near, const Rest& rest, const std::vector<std::int32_t>& place) : rest_(rest), near_(&near), place_(place) {
    const std::size_t m = rest.worth.size();
    taken_.resize(m), class_.resize(m), wanted_.assign(m, 0);
    for (auto& one : classes_) one = {0.0, 0.0, std::numeric_limits<double>::infinity(), false};
    for (std::size_t i = 0; i < m; ++i) {
      taken_[i] = std::max(1.0 - rest.h[i] / rest.q[i], 0.0);
      std::size_t c = 0;
      while (c + 1 < kClasses && taken_[i] > kLimits[c]) ++c;
      class_[i] = static_cast<std::uint8_t>(c);
      Class& mine = classes_[c];
      mine.taken = std::max(mine.taken, taken_[i]);
      mine.worth = std::max(mine.worth, rest.worth[i]);
      mine.price = std::min(mine.price, rest.price[i]);
      mine.held = true;
    }
  }

  // Positions of free columns, one of which every pair holds that is worth more than `least` and its prices.
  std::vector<std::size_t> cover(double least) {
    far_pairs(least);
    near_pairs(least);
    return wanted();
  }

  // The same of sets of three; everything where nothing is known. The columns most correlated with those that are in are
  // looked at anyway, as many of them as leaves least to look at.
  std::vector<std::size_t> cover_triples(double least) {
    std::vector<double> sorted = taken_;
    const std::size_t most = std::min(kBent[kBents - 1] + 1, sorted.size());
    std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(most), sorted.end(), std::greater<>());
    double limit = -1.0;
    std::size_t fewest = rest_.worth.size() + 1;
    for (const std::size_t bent : kBent) {
      if (bent >= most) continue;
      const std::size_t count = mark_triples(least, sorted[bent]);
      if (count < fewest) fewest = count, limit = sorted[bent];
    }
    mark_triples(least, limit);
    for (const Index j : near_->tight) {
      const auto at = place_[static_cast<std::size_t>(j)];
      if (at >= 0) wanted_[static_cast<std::size_t>(at)] = 1;
    }
    return wanted();
  }

 private:
  static constexpr std::size_t kClasses = 8;
  static constexpr double kLimits[kClasses - 1] = {0.01, 0.03, 0.07, 0.15, 0.25, 0.4, 0.6};
  static constexpr std::size_t kBents = 6, kBent[kBents] = {0, 2, 4, 8, 16, 32};
  static constexpr double kLost = 0.3;  // t from which a column's pairs by name are all looked at
  static constexpr double kClose = 0.95;  // partial correlation from which a column is always looked at

  struct Class {
    double taken, worth, price;
    bool held;
  };

  // With at most `taken` of each column of a set gone, or columns that have lost more always looked at; how many.
  std::size_t mark_triples(double least, double taken) {
    const double left = near_->triples - 3.0 * (near_->error + std::max(taken, 0.0));
    const double one_over = left > 0.0 ? 1.0 / left : std::numeric_limits<double>::infinity();
    std::size_t count = 0;
    for (std::size_t i = 0; i < rest_.worth.size(); ++i) {
      const bool far = taken_[i] <= taken && rest_.worth[i] * (1.0 - taken_[i]) * one_over - rest_.price[i] < least / 3.0;
      wanted_[i] = !far;
      count += !far;
    }
    return count;
  }

  std::vector<std::size_t> wanted() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      if (wanted_[i]) out.push_back(i);
    return out;
  }

  // Of two columns in classes a and b that are not known by name.
  double correlation(std::size_t a, std::size_t b) const {
    const double s = classes_[a].taken, t = classes_[b].taken;
    return (near_->limit + near_->error + std::sqrt(s * t)) / std::sqrt((1.0 - s) * (1.0 - t));
  }

  // The one of the larger w / (1 - |rho|) - price must have half of what is wanted, and the other the rest.
  void far_pairs(double least) {
    std::array<bool, kClasses> always{};
    for (std::size_t a = 0; a < kClasses; ++a)
      for (std::size_t b = 0; b <= a; ++b)
        if (classes_[a].held && classes_[b].held && !(correlation(a, b) < kClose)) always[a] = true;
    std::array<std::array<double, kClasses>, kClasses> one_over{}, other{};
    std::array<double, kClasses> most{};
    for (std::size_t a = 0; a < kClasses; ++a)
      for (std::size_t b = 0; b < kClasses; ++b) {
        if (always[a] || always[b] || !classes_[a].held || !classes_[b].held) continue;
        one_over[a][b] = 1.0 / (1.0 - correlation(a, b));
        other[a][b] = classes_[b].worth * one_over[a][b] - classes_[b].price;
        most[a] = std::max(most[a], one_over[a][b]);
      }
    for (std::size_t i = 0; i < rest_.worth.size(); ++i) {
      const std::size_t a = class_[i];
      if (always[a]) {
        wanted_[i] = 1;
        continue;
      }
      if (rest_.worth[i] * most[a] - rest_.price[i] < 0.5 * least) continue;
      for (std::size_t b = 0; b < kClasses && !wanted_[i]; ++b) {
        if (one_over[a][b] == 0.0) continue;
        const double mine = rest_.worth[i] * one_over[a][b] - rest_.price[i];
        wanted_[i] = mine >= 0.5 * least && mine + other[a][b] >= least;
      }
    }
  }

  // Pairs of two cold columns gain too little unless their columns are strongly correlated.
  void near_pairs(double least) {
    for (const std::size_t e : near_->strong) look(near_->first[e], near_->second[e], near_->share[e], least);
    for (std::size_t i = 0; i < rest_.worth.size(); ++i) {
      const bool hot = taken_[i] > kLost || rest_.worth[i] / (1.0 - kClose) - rest_.price[i] >= 0.5 * least;
      if (!hot || wanted_[i]) continue;
      const auto j = static_cast<std::size_t>(rest_.column[i]);
      for (std::size_t e = near_->start[j]; e < near_->start[j + 1]; ++e)
        look(static_cast<Index>(j), near_->partner[e], near_->partner_share[e], least);
    }
  }

  void look(Index first, Index second, float share, double least) {
    const auto i = place_[static_cast<std::size_t>(first)], j = place_[static_cast<std::size_t>(second)];
    if (i < 0 || j < 0) return;
    const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
    if (wanted_[a] || wanted_[b]) return;
    const double whole = std::sqrt(rest_.q[a] * rest_.q[b]);
    double r = share * whole;
    for (const auto& row : rest_.A) r -= row[a] * row[b];
    const double rho = (std::abs(r) + near_->error * whole) / std::sqrt(rest_.h[a] * rest_.h[b]);
    const bool worth = !(rho < kClose) || (rest_.worth[a] + rest_.worth[b]) / (1.0 - rho) >= least + rest_.price[a] + rest_.price[b];
    if (worth) wanted_[rest_.worth[a] > rest_.worth[b] ? a : b] = 1;
  }

  const Rest rest_;
  const Near* near_;
  const std::vector<std::int32_t>& place_;
  std::vector<double> taken_;
  std::vector<std::uint8_t> class_;
  std::vector<char> wanted_;
  std::array<Class, kClasses> classes_;
};

}  // namespace sparsekin::exact
