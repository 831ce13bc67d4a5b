// lambda_2 > 0: all active coefficients of all tasks form one linear system H beta = c_A with
//   H_(kl)(k'l') = [k = k'] (G_k)_ll' + [kl = k'l'] (lambda_1 + lambda_2) - [same column] lambda_2 / K.
// Far above the data (kFirm) a link is as good as rigid and would only cost digits, so it is held there, column by column:
// what a search decides does not change, and refits use lambda_2 itself.
#pragma once
#include <algorithm>
#include <memory>
#include <unordered_map>
#include <vector>

#include "l0/block_state.hpp"

namespace sparsekin {

struct CoupledData {
  std::vector<std::shared_ptr<View>> views;
  std::vector<std::vector<double>> c;  // per task, over its candidates
  double lambda_1 = 0.0, lambda_2 = 0.0;

  std::size_t tasks() const { return views.size(); }
  // Candidates that all tasks have at the same position, first.
  std::size_t aligned() const {
    std::size_t n = views[0]->aligned();
    for (const auto& view : views) n = std::min(n, view->aligned());
    return n;
  }
  double tie(std::size_t k, Index l) const { return ties[k][l]; }
  double link(std::size_t k, Index l) const { return tie(k, l) / static_cast<double>(tasks()); }
  double diag(std::size_t k, Index l) const { return views[k]->diag(l) + lambda_1 + tie(k, l) - link(k, l); }
  // What must be left of a diagonal entry beside the other columns: a share of the data's part, and rounding.
  double floor(std::size_t k, Index l) const {
    return kShare * (views[k]->diag(l) + lambda_1) + kRounding * tie(k, l);
  }
  // lambda_2 of each candidate; to be called once all else is set.
  void tighten() {
    std::unordered_map<Index, double> most;
    for (const auto& view : views)
      for (std::size_t l = 0; l < view->size(); ++l) {
        double& held = most[view->global(static_cast<Index>(l))];
        held = std::max(held, view->diag(l) + lambda_1);
      }
    for (const auto& view : views) {
      ties.emplace_back();
      for (std::size_t l = 0; l < view->size(); ++l) {
        const double reach = most[view->global(static_cast<Index>(l))];
        ties.back().push_back(reach > 0.0 ? std::min(lambda_2, kFirm * reach) : lambda_2);
        if (reach > 0.0) rounding = std::max(rounding, kRounding * (1.0 + ties.back().back() / reach));
      }
    }
  }
  static constexpr double kFirm = 1e7;
  static constexpr double kShare = 1e-12;  // Gram rows tell no less
  std::vector<std::vector<double>> ties;
  double rounding = 0.0;  // of what a task explains
};

}  // namespace sparsekin
