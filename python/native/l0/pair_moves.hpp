// Two columns leave (or fewer, where there is room) and two others join, in one task or, under a common support, in all.
#pragma once
#include <utility>
#include <vector>

#include "l0/common.hpp"
#include "l0/pair_scan.hpp"
#include "l0/separable.hpp"

namespace sparsekin {

class PairMoves {
 public:
  PairMoves(std::vector<BlockState> blocks, std::size_t cap, const Bonus& bonus)
      : blocks_(std::move(blocks)), rows_(blocks_), cap_(cap), bonus_(bonus) {}

  // The support, as candidates, after the best exchange that gains more than `least`; empty where there is none.
  std::vector<Index> best(double least) {
    best_ = {least, -1, -1};
    const std::size_t s = blocks_[0].size();
    if (s + 2 <= cap_) without({}, 0.0);
    for (std::size_t i = 0; i < s; ++i) {
      if (s + 1 <= cap_) without({i}, bonus_.leaving(i));
      for (std::size_t j = 0; j < i && s <= cap_; ++j) without({i, j}, bonus_.leaving(i) + bonus_.leaving(j));
    }
    return after_;
  }

 private:
  // out: positions, descending, as leaving moves the last column to the place that falls free.
  void without(const std::vector<std::size_t>& out, double bonus) {
    std::vector<BlockState> rest = blocks_;
    std::vector<Index> gone;
    double cost = -bonus;
    for (const std::size_t i : out) gone.push_back(blocks_[0].support()[i]);
    for (auto& block : rest) {
      for (const std::size_t i : out) {
        cost += block.exit_cost(i);
        block.leave(i);
      }
      for (const Index l : gone) block.close(l);
    }
    Pair pair{best_.gain + cost, -1, -1};
    PairScan(rest, rows_, bonus_.entry, doubts_).pairs(0, pair);
    if (!pair.found()) return;
    best_ = {pair.gain - cost, pair.first, pair.second};
    after_ = rest[0].support();
    after_.push_back(pair.first);
    after_.push_back(pair.second);
  }

  std::vector<BlockState> blocks_;
  AllRows rows_;
  std::size_t cap_;
  const Bonus& bonus_;
  Doubts doubts_{500, {}};
  Pair best_;
  std::vector<Index> after_;
};

// The best exchange of two for two of one task after the other; false where no task has one.
inline bool exchange_pairs(Separable& search) {
  bool moved = false;
  for (std::size_t k = 0; k < search.tasks(); ++k) {
    const Bonus bonus = search.bonus(k);
    const auto after = PairMoves({search.state(k)}, search.cap(k), bonus).best(search.tolerance(k) + search.penalty_rounding());
    if (!after.empty()) moved = search.replace(k, after) || moved;
  }
  return moved;
}

inline bool exchange_pairs(Common& search) {
  const Bonus none;
  const auto after = PairMoves(search.blocks(), search.cap(), none).best(search.tolerance());
  return !after.empty() && search.replace(after);
}

}  // namespace sparsekin
