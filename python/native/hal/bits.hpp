// Functions that are products of steps, a bit per row: their products are counts of rows where both are 1.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "hal/design.hpp"

#if defined(__x86_64__) && defined(__ELF__) && defined(__GNUC__)
#define SPARSEKIN_COUNT __attribute__((target_clones("popcnt", "default")))
#else
#define SPARSEKIN_COUNT
#endif

namespace sparsekin::hal {

using Word = std::uint64_t;

inline std::size_t words_of(std::size_t rows) { return (rows + 63) / 64; }

inline std::size_t ones_in(Word x) {
#if defined(__GNUC__)
  return static_cast<std::size_t>(__builtin_popcountll(x));
#else
  x -= (x >> 1) & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<std::size_t>((x * 0x0101010101010101u) >> 56);
#endif
}

// Rows where both are 1.
SPARSEKIN_COUNT inline std::size_t shared_ones(const Word* a, const Word* b, std::size_t words) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < words; ++i) sum += ones_in(a[i] & b[i]);
  return sum;
}

// out (a, b): rows where both are 1, of a and of b functions; a few at a time, so that the others are read from cache.
inline void count_shared(const Word* some, std::size_t a, const Word* others, std::size_t b, std::size_t words,
                         double* out) {
  constexpr std::size_t block = 8;
  for (std::size_t lo = 0; lo < a; lo += block)
    for (std::size_t j = 0; j < b; ++j)
      for (std::size_t i = lo; i < std::min(lo + block, a); ++i)
        out[i * b + j] = static_cast<double>(shared_ones(some + i * words, others + j * words, words));
}

// out[0 .. words_of(hi - lo)): phi_j at rows lo .. hi, a function of order 0.
inline void pack(const Design& design, std::size_t function, std::size_t lo, std::size_t hi, Word* out) {
  const Section& section = design.section_of(function);
  Cell cell = section.cells[function - section.first];
  const std::size_t words = words_of(hi - lo);
  for (std::size_t a = section.axes.size(); a-- > 0;) {
    const Axis& axis = design.axes()[section.axes[a]];
    const auto m = static_cast<Cell>(axis.knots);
    const auto c = static_cast<Code>(cell % m);
    cell /= m;
    const bool first = a + 1 == section.axes.size();
    for (std::size_t i = 0; i < words; ++i) {
      const Code* code = axis.code + lo + 64 * i;
      const std::size_t count = std::min<std::size_t>(64, hi - lo - 64 * i);
      Word word = 0;
      for (std::size_t b = 0; b < count; ++b) word |= static_cast<Word>(code[b] >= c) << b;
      out[i] = first ? word : out[i] & word;
    }
  }
}

}  // namespace sparsekin::hal
