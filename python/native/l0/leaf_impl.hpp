// Bodies of leaf.hpp; included by exactly one translation unit, the one with the reassociation flags.
#pragma once
#include <cmath>

#include "l0/leaf.hpp"

#if defined(__x86_64__) && defined(__ELF__) && defined(__GNUC__)
#define SPARSEKIN_LEAF __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define SPARSEKIN_LEAF
#endif

#if defined(_MSC_VER)
#define SPARSEKIN_RESTRICT __restrict
#else
#define SPARSEKIN_RESTRICT __restrict__
#endif
#define IN const double* SPARSEKIN_RESTRICT
#define OUT double* SPARSEKIN_RESTRICT

namespace sparsekin::leaf {

SPARSEKIN_LEAF double dot(IN x, IN y, std::size_t n) {
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

SPARSEKIN_LEAF void axpy(double a, IN x, OUT y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

SPARSEKIN_LEAF double weighted_square(IN w, IN x, std::size_t n) {
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) sum += w[i] * x[i] * x[i];
  return sum;
}

SPARSEKIN_LEAF void lanes_into_times(const double* const* x, IN q, const std::int32_t* SPARSEKIN_RESTRICT to,
                                     std::size_t n, OUT s) {
  for (std::size_t i = 0; i < n; ++i) {
    const double v[kLanes] = {x[0][i], x[1][i], x[2][i], x[3][i], x[4][i], x[5][i], x[6][i], x[7][i]};
    OUT into = s + to[i] * kLanes;
    const double a = q[i];
    for (std::size_t l = 0; l < kLanes; ++l) into[l] += a * v[l];
  }
}

SPARSEKIN_LEAF void squares_over_times(IN s, const double* e, const std::int32_t* SPARSEKIN_RESTRICT first,
                                       const std::int32_t* SPARSEKIN_RESTRICT start, IN frac, IN wbar, IN inverse_phi,
                                       std::size_t T, OUT out) {
  double S[kLanes] = {0.0}, sum[kLanes] = {0.0};
  for (std::size_t t = T; t-- > 0;) {
    const double kept = t + 1 < T && first[t + 1] < static_cast<std::int32_t>(t) + 1 ? 1.0 : 0.0;
    for (std::size_t l = 0; l < kLanes; ++l) S[l] = kept * S[l] + s[(t + 1) * kLanes + l];
    for (std::int32_t a = start[t]; a < start[t + 1]; ++a) {
      const double w = wbar[a] * inverse_phi[a] * inverse_phi[a], f = frac[a];
      for (std::size_t l = 0; l < kLanes; ++l) {
        const double m = e ? S[l] - f * e[t * kLanes + l] : S[l];
        sum[l] += w * m * m;
      }
    }
  }
  for (std::size_t l = 0; l < kLanes; ++l) out[l] -= sum[l];
}

SPARSEKIN_LEAF void subtract_products(IN x, IN z, OUT y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] -= x[i] * z[i];
}

SPARSEKIN_LEAF void combine(const double* const* rows, IN a, std::size_t s, OUT y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 4 <= s; i += 4) {
    IN p = rows[i];
    IN q = rows[i + 1];
    IN r = rows[i + 2];
    IN t = rows[i + 3];
    for (std::size_t l = 0; l < n; ++l) y[l] += a[i] * p[l] + a[i + 1] * q[l] + a[i + 2] * r[l] + a[i + 3] * t[l];
  }
  for (; i < s; ++i) {
    IN p = rows[i];
    for (std::size_t l = 0; l < n; ++l) y[l] += a[i] * p[l];
  }
}

SPARSEKIN_LEAF void add_square(double a, IN x, std::size_t n, OUT A, std::size_t width) {
  for (std::size_t i = 0; i < n; ++i) {
    const double f = a * x[i];
    OUT row = A + i * width;
    for (std::size_t j = 0; j < width; ++j) row[j] += f * x[j];
  }
}

SPARSEKIN_LEAF void add_product(IN A, IN x, std::size_t n, std::size_t width, OUT y) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    IN p = A + i * width;
    IN q = p + width;
    IN r = q + width;
    IN t = r + width;
    for (std::size_t j = 0; j < width; ++j) y[j] += x[i] * p[j] + x[i + 1] * q[j] + x[i + 2] * r[j] + x[i + 3] * t[j];
  }
  for (; i < n; ++i) {
    IN p = A + i * width;
    for (std::size_t j = 0; j < width; ++j) y[j] += x[i] * p[j];
  }
}

SPARSEKIN_LEAF void add_forms(IN A, IN B, std::size_t n, std::size_t width, OUT out) {
  for (std::size_t i = 0; i < n; ++i) {
    IN a = A + i * width;
    double sum = 0.0;
    for (std::size_t j = 0; j < width; j += 8) {
      double y[8] = {0.0};
      for (std::size_t m = 0; m < n; ++m)
        for (std::size_t c = 0; c < 8; ++c) y[c] += a[m] * B[m * width + j + c];
      for (std::size_t c = 0; c < 8; ++c) sum += y[c] * a[j + c];
    }
    out[i] = a[i] + sum;
  }
}

SPARSEKIN_LEAF void solve_lanes(OUT H, OUT g, std::size_t r, std::size_t n, OUT out) {
  const auto at = [n](std::size_t i, std::size_t j) { return (i * (i + 1) / 2 + j) * n; };
  for (std::size_t i = 0; i < r; ++i) {
    for (std::size_t j = 0; j < i; ++j) {  // L_ij times its pivot
      double* e = H + at(i, j);
      for (std::size_t m = 0; m < j; ++m) {
        const double *left = H + at(i, m), *right = H + at(j, m);
        for (std::size_t l = 0; l < n; ++l) e[l] -= left[l] * right[l];
      }
    }
    double *pivot = H + at(i, i), *own = g + i * n;
    for (std::size_t j = 0; j < i; ++j) {
      double* e = H + at(i, j);
      const double *other = H + at(j, j), *done = g + j * n;
      for (std::size_t l = 0; l < n; ++l) {
        const double share = e[l] / other[l];
        pivot[l] -= e[l] * share;
        own[l] -= share * done[l];
        e[l] = share;
      }
    }
    for (std::size_t l = 0; l < n; ++l) out[l] += own[l] * own[l] / pivot[l];
  }
}

SPARSEKIN_LEAF void cross(const double* const* columns, std::size_t m, IN v, std::size_t n, OUT out) {
  std::size_t j = 0;
  for (; j + 4 <= m; j += 4) {
    IN a = columns[j];
    IN b = columns[j + 1];
    IN c = columns[j + 2];
    IN d = columns[j + 3];
    double sa = 0.0, sb = 0.0, sc = 0.0, sd = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      sa += a[i] * v[i];
      sb += b[i] * v[i];
      sc += c[i] * v[i];
      sd += d[i] * v[i];
    }
    out[j] = sa;
    out[j + 1] = sb;
    out[j + 2] = sc;
    out[j + 3] = sd;
  }
  for (; j < m; ++j) {
    IN a = columns[j];
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * v[i];
    out[j] = sum;
  }
}

SPARSEKIN_LEAF void cross_four(const double* const* columns, std::size_t m, const double* const* v, std::size_t n,
                               double* const* out) {
  IN v0 = v[0];
  IN v1 = v[1];
  IN v2 = v[2];
  IN v3 = v[3];
  std::size_t j = 0;
  for (; j + 2 <= m; j += 2) {
    IN a = columns[j];
    IN b = columns[j + 1];
    double a0 = 0.0, a1 = 0.0, a2 = 0.0, a3 = 0.0, b0 = 0.0, b1 = 0.0, b2 = 0.0, b3 = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      a0 += a[i] * v0[i];
      a1 += a[i] * v1[i];
      a2 += a[i] * v2[i];
      a3 += a[i] * v3[i];
      b0 += b[i] * v0[i];
      b1 += b[i] * v1[i];
      b2 += b[i] * v2[i];
      b3 += b[i] * v3[i];
    }
    out[0][j] = a0;
    out[1][j] = a1;
    out[2][j] = a2;
    out[3][j] = a3;
    out[0][j + 1] = b0;
    out[1][j + 1] = b1;
    out[2][j + 1] = b2;
    out[3][j + 1] = b3;
  }
  for (; j < m; ++j)
    for (std::size_t r = 0; r < 4; ++r) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += columns[j][i] * v[r][i];
      out[r][j] = sum;
    }
}

SPARSEKIN_LEAF void enter(double* const* rows, std::size_t s, IN q, IN u_over_h, OUT e, OUT fresh, double one_over_h,
                          OUT h, std::size_t n) {
  for (std::size_t i = 0; i < s; ++i) {
    IN w = rows[i];
    const double a = q[i];
    for (std::size_t l = 0; l < n; ++l) e[l] -= a * w[l];
  }
  for (std::size_t i = 0; i < s; ++i) {
    OUT w = rows[i];
    const double a = u_over_h[i];
    for (std::size_t l = 0; l < n; ++l) w[l] -= a * e[l];
  }
  for (std::size_t l = 0; l < n; ++l) {
    const double f = e[l] * one_over_h;
    fresh[l] = f;
    h[l] -= e[l] * f;
  }
}

SPARSEKIN_LEAF void enter_gradient(IN e, double g_over_h, OUT g, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) g[l] -= g_over_h * e[l];
}

SPARSEKIN_LEAF void leave(double* const* rows, std::size_t s, std::size_t r, IN ratio, double one_over_d, OUT h,
                          std::size_t n) {
  IN out = rows[r];
  for (std::size_t i = 0; i < s; ++i) {
    if (i == r) continue;
    OUT w = rows[i];
    const double a = ratio[i];
    for (std::size_t l = 0; l < n; ++l) w[l] -= a * out[l];
  }
  for (std::size_t l = 0; l < n; ++l) h[l] += one_over_d * out[l] * out[l];
}

SPARSEKIN_LEAF void floor_at(IN h, IN floor, OUT hs, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) hs[l] = h[l] > floor[l] ? h[l] : floor[l];
}

SPARSEKIN_LEAF std::size_t beaten(IN g, IN hs, IN w, double beta, double invd, double T, const double* bonus,
                                  std::size_t n) {
  double count = 0.0;
  if (bonus) {
    IN gift = bonus;
    for (std::size_t l = 0; l < n; ++l) {
      const double a = g[l] + beta * w[l], den = hs[l] + invd * w[l] * w[l];
      count += a * a > (T - 2.0 * gift[l]) * den ? 1.0 : 0.0;
    }
  } else {
    for (std::size_t l = 0; l < n; ++l) {
      const double a = g[l] + beta * w[l], den = hs[l] + invd * w[l] * w[l];
      count += a * a > T * den ? 1.0 : 0.0;
    }
  }
  return static_cast<std::size_t>(count);
}

SPARSEKIN_LEAF std::size_t beaten_by_entry(IN g, IN hs, double T, const double* bonus, std::size_t n) {
  double count = 0.0;
  if (bonus) {
    IN gift = bonus;
    for (std::size_t l = 0; l < n; ++l) count += g[l] * g[l] > (T - 2.0 * gift[l]) * hs[l] ? 1.0 : 0.0;
  } else {
    for (std::size_t l = 0; l < n; ++l) count += g[l] * g[l] > T * hs[l] ? 1.0 : 0.0;
  }
  return static_cast<std::size_t>(count);
}

SPARSEKIN_LEAF void best_exchange(IN g, IN hs, IN w, double beta, double invd, double cost, double label, OUT best,
                                  OUT arg, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double a = g[l] + beta * w[l];
    const double gain = 0.5 * a * a / (hs[l] + invd * w[l] * w[l]) - cost;
    const bool up = gain > best[l];
    best[l] = up ? gain : best[l];
    arg[l] = up ? label : arg[l];
  }
}

SPARSEKIN_LEAF void add_exchange(IN g, IN hs, IN w, double beta, double invd, double cost, OUT total, OUT count,
                                 std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double a = g[l] + beta * w[l];
    const double gain = 0.5 * a * a / (hs[l] + invd * w[l] * w[l]) - cost;
    const bool open = hs[l] < 1e300;
    total[l] += open ? gain : 0.0;
    count[l] += open ? 1.0 : 0.0;
  }
}

SPARSEKIN_LEAF void add_second(IN g, IN h, IN r, double ratio, double one_over_h, IN least, OUT gain,
                               std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double a = g[l] - ratio * r[l], below = h[l] - one_over_h * r[l] * r[l];
    gain[l] += below > least[l] ? 0.5 * a * a / below : 1e300;
  }
}

SPARSEKIN_LEAF void add_second_entry(IN g, IN h, IN trust, IN r, double ratio, double one_over_h,
                                     OUT total, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double a = g[l] - ratio * r[l], below = h[l] - one_over_h * r[l] * r[l];
    const double gain = 0.5 * a * a / below;
    total[l] += below > trust[l] ? gain : kDoubt;
  }
}

SPARSEKIN_LEAF void add_rest(IN g, IN r, double ratio, OUT squares, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double a = g[l] - ratio * r[l];
    squares[l] += a * a;
  }
}

SPARSEKIN_LEAF void add_second_entries(IN squares, IN h, IN trust, IN r, double one_over_h, OUT total,
                                       std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double below = h[l] - one_over_h * r[l] * r[l];
    const double gain = 0.5 * squares[l] / below;
    total[l] += below > trust[l] ? gain : kDoubt;
  }
}

SPARSEKIN_LEAF std::size_t beaten_shared(IN gg, IN P, IN hs, IN w, double bb, double invd, double T, std::size_t n) {
  double count = 0.0;
  for (std::size_t l = 0; l < n; ++l) {
    const double v = invd * w[l];
    count += gg[l] + 2.0 * v * P[l] + bb * v * v > T * (hs[l] + v * w[l]) ? 1.0 : 0.0;
  }
  return static_cast<std::size_t>(count);
}

SPARSEKIN_LEAF void add_squares(IN g, OUT gg, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) gg[l] += g[l] * g[l];
}

SPARSEKIN_LEAF void add_entry(IN gg, IN hs, OUT total, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) total[l] += 0.5 * gg[l] / hs[l];
}

SPARSEKIN_LEAF void add_positive(IN x, IN y, OUT total, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) {
    const double sum = x[l] + y[l];
    total[l] += sum > 0.0 ? sum : 0.0;
  }
}

SPARSEKIN_LEAF void gifts(IN hs, const double* joining, double unit, OUT units, double* gifts, std::size_t n) {
  for (std::size_t l = 0; l < n; ++l) units[l] = hs[l] < 1e300 ? joining[l] : -HUGE_VAL;
  for (std::size_t l = 0; l < n; ++l) gifts[l] = unit * units[l];
}

SPARSEKIN_LEAF std::size_t above(IN x, double threshold, std::size_t n) {
  double count = 0.0;
  for (std::size_t l = 0; l < n; ++l) count += x[l] > threshold ? 1.0 : 0.0;
  return static_cast<std::size_t>(count);
}

SPARSEKIN_LEAF std::size_t below(IN x, IN limit, std::size_t n) {
  double count = 0.0;
  for (std::size_t l = 0; l < n; ++l) count += x[l] < limit[l] ? 1.0 : 0.0;
  return static_cast<std::size_t>(count);
}

}  // namespace sparsekin::leaf

#undef IN
#undef OUT
