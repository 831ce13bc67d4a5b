// Two columns join a support at once. blocks: one task, or all designs where the tasks share one support.
//   gain of l and m = sum over outcomes of g_l^2 / (2 h_l) + (g_m - (e_lm / h_l) g_l)^2 / (2 (h_m - e_lm^2 / h_l)),
//   e_lm = covariance of l and m given S = G_lm - sum_i G_l,Si W_im
// The whole Gram matrix of the candidates is read: callers count operations first. Where little of h_m is left the Gram
// rows have lost its digits, and the two columns are entered to see.
#pragma once
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "l0/scan.hpp"

namespace sparsekin {

struct Pair {
  double gain = 0.0;
  Index first = -1, second = -1;  // candidates; second = -1: the first joins alone
  bool found() const { return first >= 0; }
};

// All Gram rows of the candidates of every block.
class AllRows {
 public:
  explicit AllRows(const std::vector<BlockState>& blocks) {
    std::vector<Index> all(blocks[0].candidates());
    std::iota(all.begin(), all.end(), 0);
    for (const auto& block : blocks) {
      block.view().prefetch(all);
      rows_.emplace_back();
      for (const Index l : all) rows_.back().push_back(block.view().row(l));
    }
  }
  const double* row(std::size_t block, std::size_t l) const { return rows_[block][l]->data(); }

 private:
  std::vector<std::vector<View::Row>> rows_;
};

// Pairs that Gram rows cannot tell from one column: how many may still be entered to see, and those that are one.
struct Doubts {
  long left;
  std::set<std::pair<Index, Index>> twins;
};

class PairScan {
 public:
  // bonus: per candidate, what the support penalty adds; empty where there is none.
  PairScan(std::vector<BlockState>& blocks, const AllRows& rows, const std::vector<double>& bonus, Doubts& doubts)
      : blocks_(blocks), rows_(rows), m_(blocks[0].candidates()), doubts_(doubts), open_(bonus), row_(m_),
        squares_(m_), total_(m_) {
    open_.resize(m_, 0.0);
    for (auto& block : blocks_) {
      trust_.emplace_back(m_);
      for (std::size_t l = 0; l < m_; ++l) {
        block.refine(static_cast<Index>(l));
        trust_.back()[l] = std::max(block.floors()[l], kTrust * block.diag(l));
        if (!block.open(l) || !(block.hs()[l] > block.floors()[l])) open_[l] = -kInfinity;
      }
    }
  }

  // The best pair of columns from `from` on.
  void pairs(std::size_t from, Pair& best) {
    for (std::size_t l = from; l + 1 < m_; ++l)
      if (open_[l] > -kInfinity) partners(l, best);
  }
  void singles(std::size_t from, Pair& best) const {
    for (std::size_t l = from; l < m_; ++l)
      if (open_[l] > -kInfinity && alone(l) > best.gain) best = {alone(l), static_cast<Index>(l), -1};
  }

 private:
  double alone(std::size_t l) const {
    double sum = open_[l];
    for (const auto& block : blocks_) sum += block.entry_gain(l);
    return sum;
  }

  // Partners of l with a larger number.
  void partners(std::size_t l, Pair& best) {
    const std::size_t t = l + 1, n = m_ - t;
    std::copy(open_.begin() + static_cast<std::ptrdiff_t>(t), open_.end(), total_.begin());
    for (std::size_t r = 0; r < blocks_.size(); ++r) second_gains(r, l, t, n);
    const double first = alone(l);
    if (!leaf::above(total_.data(), best.gain - first, n)) return;
    for (std::size_t i = 0; i < n; ++i) {
      if (!(first + total_[i] > best.gain)) continue;
      const double gain = total_[i] < leaf::kDoubt / 2 ? first + total_[i] : seen(l, t + i);
      if (gain > best.gain) best = {gain, static_cast<Index>(l), static_cast<Index>(t + i)};
    }
  }

  double seen(std::size_t l, std::size_t m) {
    const std::pair<Index, Index> pair(static_cast<Index>(l), static_cast<Index>(m));
    if (doubts_.twins.count(pair) || --doubts_.left < 0) return -kInfinity;
    double sum = open_[l] + open_[m];
    for (const auto& block : blocks_) {
      BlockState trial = block;
      if (!trial.join(pair.first) || !trial.join(pair.second)) {
        trial.clear();
        if (!trial.join(pair.first) || !trial.join(pair.second)) doubts_.twins.insert(pair);
        return -kInfinity;
      }
      sum += trial.explained() - block.explained();
    }
    return sum;
  }

  // What the columns t, ..., t + n - 1 gain in block r once l is in.
  void second_gains(std::size_t r, std::size_t l, std::size_t t, std::size_t n) {
    const BlockState& block = blocks_[r];
    const double* row = covariances(r, l, t, n);
    const double invh = 1.0 / block.hs()[l];
    const double *h = block.hs() + t, *trust = &trust_[r][t];
    if (block.outcomes() == 1) {
      leaf::add_second_entry(block.g() + t, h, trust, row, block.g()[l] * invh, invh, total_.data(), n);
      return;
    }
    std::fill(squares_.begin(), squares_.begin() + static_cast<std::ptrdiff_t>(n), 0.0);
    for (std::size_t k = 0; k < block.outcomes(); ++k)
      leaf::add_rest(block.g(k) + t, row, block.g(k)[l] * invh, squares_.data(), n);
    leaf::add_second_entries(squares_.data(), h, trust, row, invh, total_.data(), n);
  }

  const double* covariances(std::size_t r, std::size_t l, std::size_t t, std::size_t n) {
    const BlockState& block = blocks_[r];
    const double* row = rows_.row(r, l);
    if (block.size() == 0) return row + t;
    std::copy(row + t, row + t + n, row_.begin());
    for (std::size_t i = 0; i < block.size(); ++i)
      leaf::axpy(-row[block.support()[i]], block.W(i) + t, row_.data(), n);
    return row_.data();
  }

  static constexpr double kTrust = 1e-6;
  std::vector<BlockState>& blocks_;
  const AllRows& rows_;
  std::size_t m_;
  Doubts& doubts_;
  std::vector<std::vector<double>> trust_;
  std::vector<double> open_;  // bonus, -infinity where the column may not join
  std::vector<double> row_, squares_, total_;
};

}  // namespace sparsekin
