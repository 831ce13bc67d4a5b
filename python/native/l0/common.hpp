// Common support: the same columns in every task. One block per design: K blocks of one outcome where every task
// has its own rows, one block of K outcomes where they share X (then G, W, h and Minv are computed once).
//   swap i->l: sum over outcomes of (g_l + (b_i / d_i) W_il)^2 / (2 (h_l + W_il^2 / d_i)) - b_i^2 / (2 d_i)
#pragma once
#include <functional>
#include <vector>

#include "l0/scan.hpp"
#include "l0/yardstick.hpp"

namespace sparsekin {

class Common {
 public:
  Common(std::vector<BlockState> blocks, std::size_t cap, std::vector<Yardstick> sticks)
      : blocks_(std::move(blocks)), cap_(cap), sticks_(std::move(sticks)), m_(blocks_[0].candidates()) {
    for (std::size_t l = 0; l < m_; ++l)
      for (const auto& block : blocks_)
        if (!block.open(l)) {
          for (auto& other : blocks_) other.close(l);
          break;
        }
  }

  std::size_t size() const { return blocks_[0].size(); }
  std::size_t cap() const { return cap_; }
  void set_cap(std::size_t cap) { cap_ = cap; }
  long moves() const { return moves_; }
  const std::vector<BlockState>& blocks() const { return blocks_; }

  std::vector<Index> support() const {
    std::vector<Index> out;
    for (const Index l : blocks_[0].support()) out.push_back(blocks_[0].view().global(l));
    return out;
  }
  void load(const std::vector<Index>& support) {
    std::vector<Index> local;
    for (const Index j : support)
      if (blocks_[0].view().local(j) >= 0) local.push_back(blocks_[0].view().local(j));
    for (auto& block : blocks_) {
      block.lift_bans();
      block.clear();
      block.view().prefetch(local);
    }
    for (const Index l : local) enter(l);
    since_rebuild_ = 0;
  }
  // Candidates instead of the support; false, and nothing changes, where F does not fall.
  bool replace(const std::vector<Index>& candidates) {
    const auto before = support();
    const double value = explained();
    load(blocks_[0].view().globals(candidates));
    ++moves_;
    if (explained() > value + tolerance()) return true;
    load(before);
    return false;
  }

  std::size_t tasks() const { return sticks_.size(); }
  // How far task k's part of F is below its value without any column.
  double explained(std::size_t k) const {
    return blocks_.size() == 1 ? blocks_[0].explained(k) : blocks_[k].explained();
  }
  double explained() const {
    double sum = 0.0;
    for (const auto& block : blocks_) sum += block.explained();
    return sum;
  }
  // Every move touches every task: the least of their tolerances, and the rounding of the sum.
  double tolerance() const {
    double least = kInfinity, rounding = 0.0;
    for (std::size_t k = 0; k < tasks(); ++k) {
      least = std::min(least, sticks_[k].tolerance(explained(k)));
      rounding += sticks_[k].floor + 2e-16 * sticks_[k].null;
    }
    return std::max(least, rounding);
  }

  void forward(std::size_t size, const std::function<bool()>& poll) {
    while (this->size() < size) {
      const Move best = best_entry({0.0, -1, -1});
      if (best.in < 0) return;
      perform(best);
      if (poll()) return;
    }
  }

  // Drop the column missed least until `size` are left.
  void shrink(std::size_t size) {
    while (this->size() > size) perform(best_exit({-kInfinity, -1, -1}));
  }

  bool polish(const std::function<bool()>& poll) {
    for (std::size_t tried = 0;; ++tried) {
      const Move best = best_move(tolerance());
      if ((best.in < 0 && best.out < 0) || tried > most_moves(cap_)) return true;
      perform(best);
      if (poll()) return false;
    }
  }

  // For each candidate the best gain its entry can bring; -infinity where it may not enter.
  std::vector<double> entry_gains() const {
    std::vector<double> gain(m_, -kInfinity);
    if (size() < cap_) gain = all_entries();
    for (std::size_t l = 0; l < m_; ++l)
      if (!blocks_[0].open(l)) gain[l] = -kInfinity;
    for (std::size_t i = 0; i < size(); ++i)
      for (std::size_t l = 0; l < m_; ++l) {
        if (!blocks_[0].open(l)) continue;
        double sum = 0.0;
        for (const auto& block : blocks_) sum += block.exchange_gain(i, l);
        gain[l] = std::max(gain[l], sum);
      }
    return gain;
  }

  Move best_move(double least) const {
    Move best{least, -1, -1};
    if (size() < cap_) best = best_entry(best);
    best = best_exit(best);
    if (size() <= cap_) scan_exchanges(best);
    return best;
  }

 private:
  static constexpr int kRebuild = 50;

  double exit_cost(std::size_t i) const {
    double sum = 0.0;
    for (const auto& block : blocks_) sum += block.exit_cost(i);
    return sum;
  }

  // What each column gains by entering all tasks; meaningless where it is closed.
  std::vector<double> all_entries() const {
    std::vector<double> gg(m_), total(m_);
    for (const auto& block : blocks_) {
      std::fill(gg.begin(), gg.end(), 0.0);
      for (std::size_t k = 0; k < block.outcomes(); ++k) leaf::add_squares(block.g(k), gg.data(), m_);
      leaf::add_entry(gg.data(), block.hs(), total.data(), m_);
    }
    return total;
  }

  Move best_entry(Move best) const {
    const auto total = all_entries();
    for (std::size_t t = 0; t < m_; t += kScanTile) {
      const std::size_t n = std::min(kScanTile, m_ - t);
      if (!leaf::above(&total[t], best.gain, n)) continue;
      for (std::size_t l = t; l < t + n; ++l)
        if (total[l] > best.gain && blocks_[0].open(l)) best = {total[l], -1, static_cast<Index>(l)};
    }
    return best;
  }

  Move best_exit(Move best) const {
    for (std::size_t i = 0; i < size(); ++i) {
      const double gain = -exit_cost(i);
      if (gain > best.gain) best = {gain, static_cast<Index>(i), -1};
    }
    return best;
  }

  void scan_exchanges(Move& best) const {
    std::vector<double> gg(m_), P(m_), total(m_);
    if (blocks_.size() == 1) square_gradients(gg);
    for (std::size_t i = 0; i < size(); ++i) {
      if (blocks_.size() == 1)
        scan_shared(i, gg, P, best);
      else
        scan_apart(i, total, P, best);
    }
  }

  void square_gradients(std::vector<double>& gg) const {
    for (std::size_t k = 0; k < blocks_[0].outcomes(); ++k) leaf::add_squares(blocks_[0].g(k), gg.data(), m_);
  }

  void scan_shared(std::size_t i, const std::vector<double>& gg, std::vector<double>& P, Move& best) const {
    const auto& block = blocks_[0];
    const double invd = 1.0 / block.d(i), T = 2.0 * (best.gain + block.exit_cost(i));
    double bb = 0.0;
    std::fill(P.begin(), P.end(), 0.0);
    for (std::size_t k = 0; k < block.outcomes(); ++k) {
      bb += block.b(i, k) * block.b(i, k);
      leaf::axpy(block.b(i, k), block.g(k), P.data(), m_);
    }
    for (std::size_t t = 0; t < m_; t += kScanTile) {
      const std::size_t n = std::min(kScanTile, m_ - t);
      if (!leaf::beaten_shared(&gg[t], &P[t], block.hs() + t, block.W(i) + t, bb, invd, T, n)) continue;
      for (std::size_t l = t; l < t + n; ++l) {
        if (!block.open(l)) continue;
        const double gain = block.exchange_gain(i, l);
        if (gain > best.gain) best = {gain, static_cast<Index>(i), static_cast<Index>(l)};
      }
    }
  }

  void scan_apart(std::size_t i, std::vector<double>& total, std::vector<double>& count, Move& best) const {
    std::fill(total.begin(), total.end(), 0.0);
    for (const auto& block : blocks_) {
      const double invd = 1.0 / block.d(i);
      leaf::add_exchange(block.g(), block.hs(), block.W(i), block.b(i) * invd, invd, block.exit_cost(i),
                         total.data(), count.data(), m_);
    }
    if (!leaf::above(total.data(), best.gain, m_)) return;
    for (std::size_t l = 0; l < m_; ++l)
      if (total[l] > best.gain && blocks_[0].open(l)) best = {total[l], static_cast<Index>(i), static_cast<Index>(l)};
  }

  bool enter(Index l) {
    std::size_t r = 0;
    while (r < blocks_.size() && blocks_[r].enter(l)) ++r;
    if (r == blocks_.size()) return true;
    for (std::size_t undo = 0; undo < r; ++undo) blocks_[undo].leave(blocks_[undo].size() - 1);
    for (auto& block : blocks_) block.ban(l);
    return false;
  }

  void perform(const Move& move) {
    const Index old = move.out >= 0 ? blocks_[0].support()[move.out] : -1;
    if (move.out >= 0)
      for (auto& block : blocks_) block.leave(move.out);
    if (move.in >= 0 && !enter(move.in)) {
      if (old >= 0) enter(old);
      return;
    }
    for (auto& block : blocks_) block.lift_bans();
    ++moves_;
    if (++since_rebuild_ >= kRebuild) load(support());
  }

  std::vector<BlockState> blocks_;
  std::size_t cap_;
  std::vector<Yardstick> sticks_;
  std::size_t m_;
  long moves_ = 0;
  int since_rebuild_ = 0;
};

}  // namespace sparsekin
