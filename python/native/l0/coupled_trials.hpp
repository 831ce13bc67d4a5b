// Which columns are worth a group move with lambda_2 > 0: the best by the joint entry gain with the other coefficients
// of each task responding, and the best by the gradient of a coefficient equal in all tasks.
#pragma once
#include <algorithm>
#include <functional>
#include <vector>

#include "l0/coupled_scan.hpp"

namespace sparsekin {

inline void take_best(const View& view, const std::vector<double>& score, std::size_t most, std::vector<Index>& out) {
  std::vector<Index> order;
  for (std::size_t l = 0; l < score.size(); ++l)
    if (score[l] > 0.0) order.push_back(static_cast<Index>(l));
  const std::size_t n = std::min(most, order.size());
  if (n < order.size())
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                     [&](Index a, Index b) { return score[a] > score[b]; });
  for (std::size_t r = 0; r < n; ++r) out.push_back(view.global(order[r]));
}

// Fewer where each trial is dear for a task; all columns where there are few.
inline std::size_t trials(const CoupledCore& core) {
  const double some = static_cast<double>(std::min<std::size_t>(core.tasks(), 5));
  const double columns = std::max(some / static_cast<double>(core.tasks()) * static_cast<double>(core.size()),
                                  static_cast<double>(core.border().slots()));
  return static_cast<std::size_t>(std::clamp(4e6 / (some * (columns + 1.0) * (columns + 1.0)), 4.0, 24.0));
}

// Nothing more once `stop` says so.
inline std::vector<Index> worth_trying(const CoupledData& data, const CoupledCore& core,
                                       const std::function<bool()>& stop) {
  const std::size_t n = data.aligned();
  std::vector<double> apart(n), pooled(n), b(n), g(n), gd(n), inv(n);
  for (std::size_t k = 0; k < data.tasks(); ++k) {
    if (stop()) return {};
    const CoupledScan scan(data, core, k);
    for (std::size_t l = 0; l < n; ++l) {
      if (!scan.open(l)) continue;
      const double D = scan.hs()[l] + data.link(k, static_cast<Index>(l)), gl = scan.g()[l];
      apart[l] += gl * gl / D;
      gd[l] += gl / D;
      inv[l] += 1.0 / D;
      g[l] += gl;
      b[l] += data.views[k]->diag(l) + data.lambda_1;
    }
  }
  for (std::size_t l = 0; l < n; ++l) {
    if (inv[l] == 0.0) continue;
    const double link = data.link(0, static_cast<Index>(l));
    apart[l] += link * gd[l] * gd[l] / std::max(1.0 - link * inv[l], 0.05);
    pooled[l] = g[l] * g[l] / b[l];
  }
  std::vector<Index> out;
  const std::size_t most = trials(core);
  take_best(*data.views[0], apart, most, out);
  take_best(*data.views[0], pooled, most, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace sparsekin
