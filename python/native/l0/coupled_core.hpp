// lambda_2 > 0: all active coefficients of all tasks form one linear system H beta = c_A with
//   H_(kl)(k'l') = [k = k'] (G_k)_ll' + [kl = k'l'] (lambda_1 + lambda_2) - [same column] lambda_2 / K.
// Far above the data (kFirm) a link is as good as rigid and would only cost digits, so it is held there, column by column:
// what a search decides does not change, and refits use lambda_2 itself.
// The core holds M = H_AA^-1 and beta, and adds or drops one coordinate (k, l) exactly in O(|A|^2).
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

struct Coordinate {
  std::size_t task;
  Index local, global;
  View::Row row;  // of G_k over its candidates
};

class CoupledCore {
 public:
  explicit CoupledCore(const CoupledData& data) : data_(&data) {}

  std::size_t size() const { return A_.size(); }
  // Whether a column entered that others nearly explain: updates lose digits then.
  bool delicate() const { return delicate_; }
  const Coordinate& at(std::size_t a) const { return A_[a]; }
  double beta(std::size_t a) const { return beta_[a]; }
  double M(std::size_t a, std::size_t b) const { return M_[a][b]; }
  double exit_cost(std::size_t a) const { return 0.5 * beta_[a] * beta_[a] / M_[a][a]; }

  std::size_t count(std::size_t k) const {
    std::size_t n = 0;
    for (const auto& a : A_) n += a.task == k;
    return n;
  }
  // Position of (k, column j), or size() where it is not active.
  std::size_t find(std::size_t k, Index global) const {
    std::size_t a = 0;
    while (a < A_.size() && !(A_[a].task == k && A_[a].global == global)) ++a;
    return a;
  }
  // H_A,(k,l)
  std::vector<double> column(std::size_t k, Index l) const {
    const Index global = data_->views[k]->global(l);
    std::vector<double> u(size());
    for (std::size_t a = 0; a < size(); ++a) {
      if (A_[a].task == k)
        u[a] = (*A_[a].row)[l];
      else if (A_[a].global == global)
        u[a] = -data_->link(k, l);
    }
    return u;
  }
  std::vector<double> solve(const std::vector<double>& u) const {
    std::vector<double> v(size());
    for (std::size_t a = 0; a < size(); ++a) v[a] = leaf::dot(M_[a].data(), u.data(), size());
    return v;
  }

  bool enter(std::size_t k, Index l) {
    auto& view = *data_->views[k];
    if (!view.usable(l) || find(k, view.global(l)) < size()) return false;
    const auto u = column(k, l), v = solve(u);
    const double full = data_->diag(k, l), h = full - leaf::dot(u.data(), v.data(), size());
    if (!(h > data_->floor(k, l))) return false;
    delicate_ = delicate_ || h < kDelicate * (view.diag(l) + data_->lambda_1);
    const double step = (data_->c[k][l] - leaf::dot(u.data(), beta_.data(), size())) / h;
    const std::size_t n = size();
    for (std::size_t a = 0; a < n; ++a) {
      leaf::axpy(v[a] / h, v.data(), M_[a].data(), n);
      M_[a].push_back(-v[a] / h);
      beta_[a] -= v[a] * step;
    }
    M_.emplace_back(n + 1);
    for (std::size_t a = 0; a < n; ++a) M_[n][a] = -v[a] / h;
    M_[n][n] = 1.0 / h;
    beta_.push_back(step);
    A_.push_back({k, l, view.global(l), view.row(l)});
    return true;
  }

  void leave(std::size_t r) {
    const std::size_t n = size(), last = n - 1;
    const std::vector<double> out = M_[r];
    const double d = out[r], step = beta_[r] / d;
    for (std::size_t a = 0; a < n; ++a) {
      if (a == r) continue;
      beta_[a] -= out[a] * step;
      leaf::axpy(-out[a] / d, out.data(), M_[a].data(), n);
    }
    if (r != last) {
      std::swap(M_[r], M_[last]);
      for (auto& row : M_) std::swap(row[r], row[last]);
      std::swap(beta_[r], beta_[last]);
      std::swap(A_[r], A_[last]);
    }
    M_.pop_back();
    for (auto& row : M_) row.pop_back();
    beta_.pop_back();
    A_.pop_back();
  }

  // What task k adds to the quadratic at beta, penalties left out.
  double loss(std::size_t k) const {
    double sum = 0.0;
    for (std::size_t a = 0; a < size(); ++a) {
      if (A_[a].task != k) continue;
      sum -= beta_[a] * data_->c[k][A_[a].local];
      for (std::size_t b = 0; b < size(); ++b)
        if (A_[b].task == k) sum += 0.5 * beta_[a] * beta_[b] * (*A_[a].row)[A_[b].local];
    }
    return sum;
  }
  // How far the quadratic is below its value at A = {}.
  double explained() const {
    double sum = 0.0;
    for (std::size_t a = 0; a < size(); ++a) sum += beta_[a] * data_->c[A_[a].task][A_[a].local];
    return 0.5 * sum;
  }

 private:
  static constexpr double kDelicate = 1e-6;
  const CoupledData* data_;
  bool delicate_ = false;
  std::vector<Coordinate> A_;
  std::vector<std::vector<double>> M_;
  std::vector<double> beta_;
};

// What scan.hpp needs to know of task k: exact gains of single moves, coefficients of all tasks re-optimised.
class CoupledScan {
 public:
  CoupledScan(const CoupledData& data, const CoupledCore& core, std::size_t k)
      : core_(core), m_(data.views[k]->size()), g_(data.c[k]), h_(m_), open_(m_, true) {
    const auto& view = *data.views[k];
    for (std::size_t a = 0; a < core.size(); ++a)
      if (core.at(a).task == k) mine_.push_back(a);
    for (std::size_t l = 0; l < m_; ++l) h_[l] = data.diag(k, static_cast<Index>(l));
    for (std::size_t i = 0; i < mine_.size(); ++i) {
      W_.emplace_back(m_);
      for (const std::size_t a : mine_) leaf::axpy(core.M(mine_[i], a), core.at(a).row->data(), W_[i].data(), m_);
      const double* row = core.at(mine_[i]).row->data();
      leaf::axpy(-core.beta(mine_[i]), row, g_.data(), m_);
      for (std::size_t l = 0; l < m_; ++l) h_[l] -= row[l] * W_[i][l];
    }
    std::vector<Index> elsewhere;  // columns other tasks hold
    for (std::size_t a = 0; a < core.size(); ++a) {
      const Index l = core.at(a).task == k ? -1 : view.local(core.at(a).global);
      if (l < 0) continue;
      g_[l] += data.link(k, l) * core.beta(a);
      elsewhere.push_back(l);
    }
    std::sort(elsewhere.begin(), elsewhere.end());
    elsewhere.erase(std::unique(elsewhere.begin(), elsewhere.end()), elsewhere.end());
    for (const Index l : elsewhere) couple(data, k, l);
    for (std::size_t l = 0; l < m_; ++l) {
      if (!view.usable(l)) close(l);
      h_[l] = std::max(h_[l], data.floor(k, static_cast<Index>(l)));
      if (!open_[l]) h_[l] = kInfinity;
    }
    for (const std::size_t a : mine_) {
      close(core.at(a).local);
      h_[core.at(a).local] = kInfinity;
    }
  }

  std::size_t candidates() const { return m_; }
  std::size_t size() const { return mine_.size(); }
  std::size_t coordinate(std::size_t i) const { return mine_[i]; }
  const double* g() const { return g_.data(); }
  const double* hs() const { return h_.data(); }
  const double* W(std::size_t i) const { return W_[i].data(); }
  double b(std::size_t i) const { return core_.beta(mine_[i]); }
  double d(std::size_t i) const { return core_.M(mine_[i], mine_[i]); }
  bool open(std::size_t l) const { return open_[l]; }
  double entry_gain(std::size_t l) const { return 0.5 * g_[l] * g_[l] / h_[l]; }
  double exit_cost(std::size_t i) const { return core_.exit_cost(mine_[i]); }
  double exchange_value(std::size_t i, std::size_t l) const {
    const double w = W_[i][l], invd = 1.0 / d(i), a = g_[l] + b(i) * invd * w;
    return 0.5 * a * a / (h_[l] + invd * w * w);
  }

 private:
  void close(std::size_t l) { open_[l] = false; }
  // A column another task holds: its entry here also moves through the link between the two coefficients.
  void couple(const CoupledData& data, std::size_t k, Index l) {
    const auto u = core_.column(k, l), v = core_.solve(u);
    h_[l] = data.diag(k, l) - leaf::dot(u.data(), v.data(), core_.size());
    for (std::size_t i = 0; i < mine_.size(); ++i) W_[i][l] = v[mine_[i]];
  }

  const CoupledCore& core_;
  std::size_t m_;
  std::vector<double> g_, h_;
  std::vector<std::vector<double>> W_;
  std::vector<std::size_t> mine_;
  std::vector<bool> open_;
};

}  // namespace sparsekin
