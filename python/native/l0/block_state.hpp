// The working state of one design and the outcomes that share its support (one outcome, or several with common
// support). All algebra is on Gt = G + tau I restricted to the candidates; S is the support, in order of entry.
//   Minv = Gt_SS^-1,  W = Minv Gt_S,  h_l = Gt_ll - Gt_lS Minv Gt_Sl,  g_k = c_k - Gt b_k,  b_k = Minv c_kS
// One Gram row per entering column is all that is ever read of X. In S itself h = g = 0 and W = I.
#pragma once
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "l0/leaf.hpp"
#include "l0/view.hpp"

namespace sparsekin {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRankTolerance = 1e-15;  // a column whose share left unexplained by S is smaller may not enter
constexpr double kRounding = 7e-15;        // of what a column explains, when nothing is nearly collinear with it

class BlockState {
 public:
  // c: one array of view->size() per outcome.
  BlockState(std::shared_ptr<View> view, std::vector<std::vector<double>> c, double tau)
      : view_(std::move(view)), c_(std::move(c)), tau_(tau), m_(view_->size()), q_(c_.size()), floor_(m_), doubt_(m_),
        e_(m_) {
    for (std::size_t l = 0; l < m_; ++l) {
      floor_[l] = view_->usable(l) ? kRankTolerance * diag(l) : kInfinity;
      doubt_[l] = kRefine * diag(l);
    }
    clear();
  }

  void clear() {
    S_.clear();
    free_.resize(rows_);
    for (std::size_t r = 0; r < rows_; ++r) free_[r] = rows_ - 1 - r;
    place_.clear();
    b_.clear();
    c_in_.clear();
    diag_in_.clear();
    g_.resize(q_ * m_);
    for (std::size_t k = 0; k < q_; ++k) std::copy(c_[k].begin(), c_[k].end(), gradient(k));
    h_.resize(m_);
    for (std::size_t l = 0; l < m_; ++l) h_[l] = diag(l);
    position_.assign(m_, -1);
    refresh_floor();
  }

  std::size_t size() const { return S_.size(); }
  std::size_t candidates() const { return m_; }
  std::size_t outcomes() const { return q_; }
  const std::vector<Index>& support() const { return S_; }
  View& view() const { return *view_; }
  bool holds(std::size_t l) const { return position_[l] >= 0; }
  Index position(std::size_t l) const { return position_[l]; }
  bool open(std::size_t l) const { return position_[l] < 0 && floor_[l] < kInfinity; }
  void close(std::size_t l) { floor_[l] = hs_[l] = kInfinity; }
  // Closed until another column has moved.
  void ban(std::size_t l) {
    banned_.push_back({l, floor_[l]});
    close(l);
  }
  void lift_bans() {
    if (banned_.empty()) return;
    for (std::size_t b = banned_.size(); b-- > 0;) floor_[banned_[b].first] = banned_[b].second;
    banned_.clear();
    refresh_floor();
  }

  double diag(std::size_t l) const { return view_->diag(l) + tau_; }
  double d(std::size_t i) const { return inverse(i)[i]; }
  double b(std::size_t i, std::size_t k = 0) const { return b_[i * q_ + k]; }
  const double* g(std::size_t k = 0) const { return g_.data() + k * m_; }
  const double* hs() const { return hs_.data(); }
  const double* floors() const { return floor_.data(); }
  const double* W(std::size_t i) const { return W_.data() + place_[i] * m_; }

  // Decrease of the quadratic when column i of S leaves: -(1/2) sum_k b_ki^2 / d_i, as a positive cost, and the rounding
  // of that number: what takes its place must beat both.
  double exit_cost(std::size_t i) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < q_; ++k) sum += b(i, k) * b(i, k);
    return 0.5 * sum / d(i) * (1.0 + kRounding * std::sqrt(d(i) * diag_in_[i]));
  }
  double entry_gain(std::size_t l) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < q_; ++k) sum += g(k)[l] * g(k)[l];
    return 0.5 * sum / hs_[l];
  }
  double exchange_gain(std::size_t i, std::size_t l) const { return exchange_value(i, l) - exit_cost(i); }
  // The same, the cost of i leaving left out.
  double exchange_value(std::size_t i, std::size_t l) const {
    const double w = W(i)[l], invd = 1.0 / d(i);
    double sum = 0.0;
    for (std::size_t k = 0; k < outcomes(); ++k) {
      const double a = g(k)[l] + b(i, k) * invd * w;
      sum += a * a;
    }
    return 0.5 * sum / (hs_[l] + invd * w * w);
  }
  // (1/2) sum_k b_k' c_kS: how far the quadratic is below its value at S = {}.
  double explained() const {
    double sum = 0.0;
    for (std::size_t k = 0; k < outcomes(); ++k) sum += explained(k);
    return sum;
  }
  double explained(std::size_t k) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < size(); ++i) sum += b(i, k) * c_in_[i * q_ + k];
    return 0.5 * sum;
  }

  // Where h_l is small beside G_ll the Gram rows have lost its digits: it is computed anew from the rows of X.
  void refine(Index l) {
    if (!open(l) || !(h_[l] < kRefine * diag(l)) || S_.empty()) return;
    const std::size_t s = size();
    const std::vector<Index> columns = globals();
    std::vector<double> u(s), cross(s);
    for (std::size_t i = 0; i < s; ++i) u[i] = W(i)[l];
    double h = 0.0;
    for (int pass = 0; pass < 2; ++pass) {
      h = view_->residual_square(l, columns, u, cross) + tau_;
      for (std::size_t i = 0; i < s; ++i) {
        h += tau_ * u[i] * u[i];
        cross[i] -= tau_ * u[i];
      }
      if (pass == 0)
        for (std::size_t i = 0; i < s; ++i) u[i] += leaf::dot(inverse(i), cross.data(), s);
    }
    h_[l] = h;
    hs_[l] = std::max(h_[l], floor_[l]);
    for (std::size_t i = 0; i < s; ++i) row(i)[l] = u[i];
    if (h <= floor_[l])
      for (std::size_t k = 0; k < q_; ++k) gradient(k)[l] = 0.0;  // in the span of S, which has taken all it could
  }

  // False, and nothing changes, where the column is (nearly) in the span of S.
  bool enter(Index l) {
    if (!join(l)) return false;
    settle();
    return true;
  }

  // The same, what is left of the others not looked at closely.
  bool join(Index l) {
    refine(l);
    if (!open(l) || !(h_[l] > floor_[l])) return false;
    const std::size_t s = size();
    const double h = h_[l], invh = 1.0 / h;
    std::vector<double> q(s), u(s), u_over_h(s);
    for (std::size_t i = 0; i < s; ++i) {
      u[i] = W(i)[l];
      u_over_h[i] = u[i] * invh;
    }
    if (s > 0 && h < kRefine * diag(l)) {
      view_->residual_row(l, globals(), u, e_.data());
      e_[l] = h;
    } else {
      const auto& known = view_->row(l);
      std::copy(known->begin(), known->end(), e_.begin());
      e_[l] = diag(l);
      for (std::size_t i = 0; i < s; ++i) q[i] = e_[S_[i]];
    }
    place_.push_back(free_place());
    for_tiles([&](std::size_t t, std::size_t n, double** rows) {
      leaf::enter(rows, s, q.data(), u_over_h.data(), &e_[t], rows[s], invh, &h_[t], n);
    });
    for (std::size_t k = 0; k < q_; ++k) {
      const double step = g(k)[l] * invh;
      leaf::enter_gradient(e_.data(), step, gradient(k), m_);
      for (std::size_t i = 0; i < s; ++i) b_[i * q_ + k] -= u[i] * step;
      b_.push_back(step);
      c_in_.push_back(c_[k][l]);
    }
    grow_inverse(u, invh);
    S_.push_back(l);
    diag_in_.push_back(diag(l));
    position_[l] = static_cast<Index>(s);
    pin_support();
    return true;
  }

  void leave(std::size_t r) {
    const std::size_t s = size(), last = s - 1;
    const double dr = d(r), invd = 1.0 / dr;
    std::vector<double> ratio(s);
    for (std::size_t i = 0; i < s; ++i) ratio[i] = inverse(i)[r] * invd;
    for (std::size_t k = 0; k < q_; ++k) {
      const double br = b(r, k);
      leaf::axpy(br * invd, W(r), gradient(k), m_);
      for (std::size_t i = 0; i < s; ++i) b_[i * q_ + k] -= ratio[i] * br;
    }
    for_tiles([&](std::size_t t, std::size_t n, double** rows) {
      leaf::leave(rows, s, r, ratio.data(), invd, &h_[t], n);
    });
    for (std::size_t i = 0; i < s; ++i)
      for (std::size_t j = 0; j < s; ++j)
        if (i != r && j != r) inverse(i)[j] -= ratio[i] * ratio[j] * dr;
    const bool collinear = invd < kRefine * diag(S_[r]);
    position_[S_[r]] = -1;
    move_last_to(r, last);
    pin_support();
    if (collinear)
      load(std::vector<Index>(S_));
    else
      settle();
  }

  void load(const std::vector<Index>& support) {
    clear();
    view_->prefetch(support);
    for (const Index l : support) join(l);
    settle();
  }

 private:
  static constexpr std::size_t kTile = 512;
  static constexpr double kRefine = 1e-7;

  std::vector<Index> globals() const { return view_->globals(S_); }

  // What scans are told of columns nearly in the span of S comes from the rows.
  void settle() {
    if (S_.empty() || leaf::below(hs_.data(), doubt_.data(), m_) == 0) return;
    for (std::size_t l = 0; l < m_; ++l)
      if (hs_[l] < doubt_[l]) refine(static_cast<Index>(l));
  }

  template <class Body>
  void for_tiles(Body body) {
    std::vector<double*> rows(place_.size());
    for (std::size_t t = 0; t < m_; t += kTile) {
      for (std::size_t i = 0; i < place_.size(); ++i) rows[i] = row(i) + t;
      body(t, std::min(kTile, m_ - t), rows.data());
    }
  }

  double* row(std::size_t i) { return W_.data() + place_[i] * m_; }
  double* gradient(std::size_t k) { return g_.data() + k * m_; }
  double* inverse(std::size_t i) { return Minv_.data() + i * width_; }
  const double* inverse(std::size_t i) const { return Minv_.data() + i * width_; }

  std::size_t free_place() {
    if (free_.empty()) {
      W_.resize((rows_ + 1) * m_);
      free_.push_back(rows_++);
    }
    const std::size_t place = free_.back();
    free_.pop_back();
    return place;
  }

  void grow_inverse(const std::vector<double>& u, double invh) {
    const std::size_t s = size();
    if (s == width_) widen();
    for (std::size_t i = 0; i < s; ++i) {
      for (std::size_t j = 0; j < s; ++j) inverse(i)[j] += u[i] * u[j] * invh;
      inverse(i)[s] = -u[i] * invh;
    }
    for (std::size_t i = 0; i < s; ++i) inverse(s)[i] = -u[i] * invh;
    inverse(s)[s] = invh;
  }
  void widen() {
    const std::size_t wider = 2 * width_ + 4;
    std::vector<double> grown(wider * wider);
    for (std::size_t i = 0; i < width_; ++i) std::copy(inverse(i), inverse(i) + width_, grown.data() + i * wider);
    Minv_ = std::move(grown);
    width_ = wider;
  }

  void move_last_to(std::size_t r, std::size_t last) {
    free_.push_back(place_[r]);
    if (r != last) {
      place_[r] = place_[last];
      std::copy(inverse(last), inverse(last) + last + 1, inverse(r));
      for (std::size_t i = 0; i <= last; ++i) inverse(i)[r] = inverse(i)[last];
      for (std::size_t k = 0; k < q_; ++k) {
        b_[r * q_ + k] = b_[last * q_ + k];
        c_in_[r * q_ + k] = c_in_[last * q_ + k];
      }
      diag_in_[r] = diag_in_[last];
      S_[r] = S_[last];
      position_[S_[r]] = static_cast<Index>(r);
    }
    place_.pop_back();
    b_.resize(last * q_);
    c_in_.resize(last * q_);
    diag_in_.pop_back();
    S_.pop_back();
  }

  // Rounding leaves small numbers where the algebra says 0 and 1: put them right, and close S to the scans.
  void pin_support() {
    refresh_floor();
    for (std::size_t i = 0; i < size(); ++i) {
      const Index l = S_[i];
      for (std::size_t j = 0; j < size(); ++j) row(j)[l] = i == j ? 1.0 : 0.0;
      h_[l] = 0.0;
      for (std::size_t k = 0; k < q_; ++k) gradient(k)[l] = 0.0;
    }
  }
  void refresh_floor() {
    hs_.resize(m_);
    leaf::floor_at(h_.data(), floor_.data(), hs_.data(), m_);
    for (const Index l : S_) hs_[l] = kInfinity;
  }

  std::shared_ptr<View> view_;
  std::vector<std::vector<double>> c_;
  double tau_;
  std::size_t m_, q_, rows_ = 0, width_ = 0;  // candidates, outcomes, rows there are in W_, columns of Minv_
  std::vector<Index> S_, position_;
  std::vector<std::size_t> place_, free_;                 // rows of W_: of each column of S, and those not in use
  std::vector<double> W_, g_, h_, hs_, floor_, doubt_, e_;
  std::vector<double> Minv_, b_, c_in_, diag_in_;  // of S: with c and the diagonal of Gt
  std::vector<std::pair<std::size_t, double>> banned_;
};

}  // namespace sparsekin
