// The best add, drop or swap in one task, every other coefficient of the task re-optimised:
//   add l:     g_l^2 / (2 h_l) + bonus_l
//   drop i:    -b_i^2 / (2 d_i) + exit_bonus_i
//   swap i->l: (g_l + (b_i / d_i) W_il)^2 / (2 (h_l + W_il^2 / d_i)) - b_i^2 / (2 d_i) + exit_bonus_i + bonus_l
// A leaf loop counts the columns that beat the best so far; only pieces of tiles with one are looked at again.
#pragma once
#include <algorithm>
#include <vector>

#include "l0/block_state.hpp"

namespace sparsekin {

struct Move {
  double gain = 0.0;
  Index out = -1;  // position in S, or -1
  Index in = -1;   // candidate, or -1
};

constexpr std::size_t kScanTile = 1024, kScanPiece = 32;

// What the support penalty adds to a move: empty vectors where there is none. Units are whole numbers, so what two
// columns give and take cancels exactly, however large the penalty is beside the task.
struct Bonus {
  double unit = 0.0;
  std::vector<double> entry;        // per candidate, -infinity where it may not enter
  std::vector<double> entry_units;  // the same in units
  std::vector<double> exit_units;   // per position in S
  const double* at(std::size_t t) const { return entry.empty() ? nullptr : entry.data() + t; }
  double of(std::size_t l) const { return entry.empty() ? 0.0 : entry[l]; }
  double leaving(std::size_t i) const { return exit_units.empty() ? 0.0 : unit * exit_units[i]; }
  double exchange(std::size_t i, std::size_t l) const {
    if (entry_units.empty()) return leaving(i);
    return unit * (exit_units.empty() ? entry_units[l] : exit_units[i] + entry_units[l]);
  }
};

template <class State>
void scan_entries(const State& state, const Bonus& bonus, Move& best) {
  const std::size_t m = state.candidates();
  for (std::size_t t = 0; t < m; t += kScanTile) {
    const std::size_t n = std::min(kScanTile, m - t);
    if (!leaf::beaten_by_entry(state.g() + t, state.hs() + t, 2.0 * best.gain, bonus.at(t), n)) continue;
    for (std::size_t l = t; l < t + n; ++l) {
      if (!state.open(l)) continue;
      const double gain = state.entry_gain(l) + bonus.of(l);
      if (gain > best.gain) best = {gain, -1, static_cast<Index>(l)};
    }
  }
}

template <class State>
void scan_exits(const State& state, const Bonus& bonus, Move& best) {
  for (std::size_t i = 0; i < state.size(); ++i) {
    const double gain = bonus.leaving(i) - state.exit_cost(i);
    if (gain > best.gain) best = {gain, static_cast<Index>(i), -1};
  }
}

template <class State>
void scan_exchanges_of(const State& state, std::size_t i, std::size_t t, std::size_t n,
                              const Bonus& bonus, Move& best) {
  const double b = state.b(i), invd = 1.0 / state.d(i), cost = state.exit_cost(i);
  const double gift = bonus.leaving(i);
  const auto beaten = [&](std::size_t from, std::size_t count) {
    const double T = 2.0 * (best.gain - gift + cost) - 4e-15 * std::abs(gift);
    return leaf::beaten(state.g() + from, state.hs() + from, state.W(i) + from, b * invd, invd, T, bonus.at(from),
                        count) > 0;
  };
  if (!beaten(t, n)) return;
  for (std::size_t from = t; from < t + n; from += kScanPiece) {
    const std::size_t end = std::min(from + kScanPiece, t + n);
    if (!beaten(from, end - from)) continue;
    for (std::size_t l = from; l < end; ++l) {
      if (!state.open(l)) continue;
      const double gain = state.exchange_value(i, l) - cost + bonus.exchange(i, l);
      if (gain > best.gain) best = {gain, static_cast<Index>(i), static_cast<Index>(l)};
    }
  }
}

template <class State>
void scan_exchanges(const State& state, const Bonus& bonus, Move& best) {
  const std::size_t m = state.candidates();
  for (std::size_t t = 0; t < m; t += kScanTile)
    for (std::size_t i = 0; i < state.size(); ++i)
      scan_exchanges_of(state, i, t, std::min(kScanTile, m - t), bonus, best);
}

// For each candidate the best gain its entry alone can bring, by adding it or in exchange; -infinity where closed.
template <class State>
std::vector<double> entry_gains(const State& state, std::size_t cap, const Bonus& bonus) {
  const std::size_t m = state.candidates();
  std::vector<double> gain(m, -kInfinity), label(m);
  if (state.size() < cap)
    for (std::size_t l = 0; l < m; ++l) gain[l] = state.entry_gain(l);
  for (std::size_t i = 0; i < state.size(); ++i) {
    const double invd = 1.0 / state.d(i);
    leaf::best_exchange(state.g(), state.hs(), state.W(i), state.b(i) * invd, invd,
                        state.exit_cost(i) - bonus.leaving(i), 0.0, gain.data(), label.data(), m);
  }
  for (std::size_t l = 0; l < m; ++l) gain[l] = state.open(l) ? gain[l] + bonus.of(l) : -kInfinity;
  return gain;
}

// Best single move with gain above `least`; in = out = -1 where there is none.
template <class State>
Move best_single(const State& state, std::size_t cap, const Bonus& bonus, double least) {
  Move best{least, -1, -1};
  if (state.size() < cap) scan_entries(state, bonus, best);
  scan_exits(state, bonus, best);
  if (state.size() <= cap) scan_exchanges(state, bonus, best);
  return best;
}

// Apply; false (and the column is closed) where the entering column turns out to lie in the span of S, or where its
// gain was rounding.
inline bool apply(BlockState& state, const Move& move) {
  const Index old = move.out >= 0 ? state.support()[move.out] : -1;
  if (move.out >= 0) state.leave(move.out);
  if (move.in < 0) return true;
  const double before = state.entry_gain(move.in);
  state.refine(move.in);
  const bool worth = move.gain <= 0.0 || move.gain + state.entry_gain(move.in) - before > 0.0;
  if (worth && state.enter(move.in)) return true;
  state.ban(move.in);
  if (old >= 0) state.enter(old);
  return false;
}

}  // namespace sparsekin
