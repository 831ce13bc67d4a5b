// Every support of up to `size` columns, one after the other: prefixes are entered, the last two columns are scanned.
#pragma once
#include <vector>

#include "l0/common.hpp"
#include "l0/pair_scan.hpp"
#include "l0/separable.hpp"

namespace sparsekin {

class Enumeration {
 public:
  // blocks: copies, one task's or all designs of a common support. bonus: what the support penalty gives a column.
  Enumeration(std::vector<BlockState> blocks, std::vector<double> bonus, Poll poll)
      : blocks_(std::move(blocks)), bonus_(std::move(bonus)), poll_(std::move(poll)), rows_(blocks_) {}

  // Candidates of the best support: of `size` columns where so many are independent, of any fewer where there is a bonus.
  std::vector<Index> best(std::size_t size) {
    value_ = 0.0;
    best_.clear();
    for (; size > 0; --size) {
      enter({});
      descend({}, 0, size);
      if (bonus_.empty() && best_.size() >= size) break;
    }
    return best_;
  }
  // Whether every support was looked at: not where too many are nearly collinear.
  bool whole() const { return doubts_.left >= 0; }

 private:
  void descend(const std::vector<Index>& prefix, std::size_t from, std::size_t left) {
    const double here = value(prefix);
    offer(here, prefix, {});
    if (left <= 2) {
      Pair best{value_ - here, -1, -1};
      PairScan scan(blocks_, rows_, bonus_, doubts_);
      if (left == 2)
        scan.pairs(from, best);
      else
        scan.singles(from, best);
      if (best.found()) offer(here + best.gain, prefix, best);
      return;
    }
    std::vector<Index> longer = prefix;
    longer.push_back(-1);
    for (std::size_t l = from; l + left <= blocks_[0].candidates(); ++l) {
      if (poll_()) return;
      longer.back() = static_cast<Index>(l);
      if (enter(longer)) descend(longer, l + 1, left - 1);
    }
  }

  bool enter(const std::vector<Index>& columns) {
    bool whole = true;
    for (auto& block : blocks_) {
      block.clear();
      for (const Index l : columns) whole = whole && block.enter(l);
    }
    return whole;
  }
  double value(const std::vector<Index>& prefix) const {
    double sum = 0.0;
    for (const auto& block : blocks_) sum += block.explained();
    if (!bonus_.empty())
      for (const Index l : prefix) sum += bonus_[l];
    return sum;
  }
  void offer(double value, const std::vector<Index>& prefix, const Pair& pair) {
    if (!(value > value_)) return;
    value_ = value;
    best_ = prefix;
    if (pair.first >= 0) best_.push_back(pair.first);
    if (pair.second >= 0) best_.push_back(pair.second);
  }

  std::vector<BlockState> blocks_;
  std::vector<double> bonus_;
  Poll poll_;
  AllRows rows_;
  Doubts doubts_{5000, {}};
  double value_ = 0.0;
  std::vector<Index> best_;
};

struct Exhausted {
  bool better = false, whole = false;
};

// The best support of task k given those of the others.
inline Exhausted exhaust(Separable& search, std::size_t k, std::size_t size, const Poll& poll) {
  const auto& state = search.state(k);
  std::vector<double> bonus;
  for (std::size_t l = 0; l < state.candidates() && search.delta() != 0.0; ++l) {
    const int others = search.holders(state.view().global(static_cast<Index>(l))) - (state.holds(l) ? 1 : 0);
    bonus.push_back(search.penalty_gain(others, +1));
  }
  Enumeration all({state}, std::move(bonus), poll);
  const bool better = search.replace(k, all.best(size));
  return {better, all.whole()};
}

inline Exhausted exhaust(Common& search, std::size_t size, const Poll& poll) {
  Enumeration all(search.blocks(), {}, poll);
  const bool better = search.replace(all.best(size));
  return {better, all.whole()};
}

}  // namespace sparsekin
