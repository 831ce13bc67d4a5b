// The inner minimum of the bound, over which columns are selected: each unit apart at the prices omega, or, with the
// Zbar penalty, column by column over sets of tasks at the price tau of a place. And what it leaves no choice about.
#pragma once
#include <algorithm>
#include <functional>
#include <vector>

#include "l0/block_state.hpp"
#include "l0/exact/iterate.hpp"

namespace sparsekin::exact {

class Selection {
 public:
  // What selecting adds to `sum`.
  double inner(const Iterate& x, double sum) {
    return x.data.delta > 0.0 ? sum + inner_joint(x) : sum + inner_apart(x);
  }
  // Mark what cannot be otherwise in anything better than `cutoff`.
  void fix(const Iterate& x, double bound, double cutoff, const Clock& clock, Marks& marks) {
    if (x.data.delta > 0.0)
      fix_joint(x, bound, cutoff, clock, marks);
    else
      for (std::size_t k = 0; k < x.data.units(); ++k) fix_apart(x, k, bound, cutoff, marks[k]);
  }

 private:
  double inner_apart(const Iterate& x) {
    double sum = 0.0;
    for (std::size_t k = 0; k < x.data.units(); ++k) {
      std::size_t room = x.data.s[k];
      gains_.clear();
      for (std::size_t j = 0; j < x.p; ++j) {
        const auto fix = x.mark(k, j);
        if (fix == kOut) continue;
        const double g = x.gain(k, j);
        if (fix == kIn) {
          sum -= g;
          room -= room > 0;
        } else if (g > 0.0) {
          gains_.push_back(g);
        }
      }
      if (gains_.size() > room) {
        std::nth_element(gains_.begin(), gains_.begin() + static_cast<std::ptrdiff_t>(room), gains_.end(),
                         std::greater<>());
        gains_.resize(room);
      }
      for (const double g : gains_) sum -= g;
    }
    return sum;
  }

  // Taking one in costs the last of the best s, leaving one out gives the next.
  void fix_apart(const Iterate& x, std::size_t k, double bound, double cutoff, std::vector<signed char>& marks) {
    std::size_t room = x.data.s[k];
    gains_.clear();
    for (std::size_t j = 0; j < x.p; ++j) {
      if (x.mark(k, j) == kIn && room > 0) --room;
      if (x.mark(k, j) == kFree) gains_.push_back(std::max(x.gain(k, j), 0.0));
    }
    std::sort(gains_.begin(), gains_.end(), std::greater<>());
    const double last = room > 0 && room <= gains_.size() ? gains_[room - 1] : room > 0 ? 0.0 : kInfinity;
    const double next = room < gains_.size() ? gains_[room] : 0.0;
    for (std::size_t j = 0; j < x.p; ++j) {
      if (x.mark(k, j) != kFree) continue;
      const double g = x.gain(k, j);
      if (bound + last - g >= cutoff)
        marks[j] = kOut;
      else if (bound + g - next >= cutoff && g >= last)
        marks[j] = kIn;
    }
  }

  double inner_joint(const Iterate& x) {
    double sum = 0.0;
    for (std::size_t k = 0; k < x.K; ++k) sum -= x.tau[k] * static_cast<double>(x.data.s[k]);
    for (std::size_t j = 0; j < x.p; ++j) {
      if (x.idle(j)) continue;
      load(x, j);
      sum += best_set(x);
    }
    return sum;
  }

  void fix_joint(const Iterate& x, double bound, double cutoff, const Clock& clock, Marks& marks) {
    for (std::size_t j = 0; j < x.p && !clock.late(); ++j) {
      load(x, j);
      const double here = best_set(x);
      for (std::size_t k = 0; k < x.K; ++k) {
        if (x.mark(k, j) != kFree) continue;
        for (const auto value : {kIn, kOut}) {
          mark_[k] = value;
          if (bound + best_set(x) - here < cutoff) continue;
          marks[k][j] = value == kIn ? kOut : kIn;
          break;
        }
        mark_[k] = kFree;
      }
    }
  }

  // Column j: what each task pays for it, and where it is fixed.
  void load(const Iterate& x, std::size_t j) {
    pays_.resize(x.K), mark_.resize(x.K);
    for (std::size_t k = 0; k < x.K; ++k) {
      pays_[k] = x.tau[k] - x.h(k, j);
      mark_[k] = x.mark(k, j);
    }
  }
  // min over sets of tasks S of sum_{k in S} pays_k + penalty(|S|), some tasks fixed: sort, best prefix.
  double best_set(const Iterate& x) {
    open_.clear();
    double running = 0.0;
    std::size_t in = 0;
    for (std::size_t k = 0; k < x.K; ++k) {
      if (mark_[k] == kIn) {
        running += pays_[k];
        ++in;
      } else if (mark_[k] == kFree) {
        open_.push_back(pays_[k]);
      }
    }
    std::sort(open_.begin(), open_.end());
    double best = running + x.penalty[in];
    for (std::size_t i = 0; i < open_.size(); ++i) {
      running += open_[i];
      best = std::min(best, running + x.penalty[in + i + 1]);
    }
    return best;
  }

  std::vector<double> gains_, pays_, open_;
  std::vector<signed char> mark_;
};

}  // namespace sparsekin::exact
