// A source seen through a list of candidate columns, with the Gram rows read so far.
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "l0/source.hpp"

namespace sparsekin {

class View {
 public:
  // diag: G_jj of all p columns. The first `aligned` candidates are the same in every view of a problem.
  View(std::shared_ptr<Source> source, std::vector<Index> candidates, std::size_t aligned, const double* diag)
      : source_(std::move(source)), candidates_(std::move(candidates)), aligned_(aligned) {
    diag_.reserve(size());
    for (const Index j : candidates_) diag_.push_back(source_->usable(j) ? diag[j] : 0.0);
    identity_ = size() == source_->p();
    for (std::size_t l = 0; identity_ && l < size(); ++l) identity_ = candidates_[l] == static_cast<Index>(l);
    if (identity_) return;
    for (std::size_t l = 0; l < size(); ++l) local_.emplace(candidates_[l], static_cast<Index>(l));
  }

  std::size_t size() const { return candidates_.size(); }
  std::size_t aligned() const { return aligned_; }
  std::size_t p() const { return source_->p(); }
  bool has_all() const { return identity_; }  // column j is candidate j
  const std::vector<Index>& candidates() const { return candidates_; }
  Index global(Index l) const { return candidates_[l]; }
  std::vector<Index> globals(std::vector<Index> candidates) const {
    for (auto& l : candidates) l = global(l);
    return candidates;
  }
  // -1 where the column is not a candidate here.
  Index local(Index j) const {
    if (identity_) return j;
    const auto found = local_.find(j);
    return found == local_.end() ? -1 : found->second;
  }
  double diag(std::size_t l) const { return diag_[l]; }
  bool usable(std::size_t l) const { return diag_[l] > 0.0; }

  // f ||M (x_l - sum_i u_i x_columns[i])||^2 on the standardised scale, from the rows; cross[i] = f x_i' W of that.
  double residual_square(Index l, const std::vector<Index>& columns, const std::vector<double>& u,
                         std::vector<double>& cross) const {
    return source_->residual_square(candidates_[l], columns, u, cross);
  }

  // out[i] = f x_candidate' W of the same, for every candidate.
  void residual_row(Index l, const std::vector<Index>& columns, const std::vector<double>& u, double* out) const {
    source_->residual_row(candidates_[l], columns, u, candidates_, out);
  }

  using Row = std::shared_ptr<const std::vector<double>>;

  // Row l of G over the candidates.
  const Row& row(Index l) {
    if (cache_.empty() || !cache_[l]) prefetch({l});
    return cache_[l];
  }
  // Read the rows not yet known, together.
  void prefetch(const std::vector<Index>& wanted) {
    if ((known_ + wanted.size()) * size() * sizeof(double) > kCacheBytes) {
      cache_.clear();
      known_ = 0;
    }
    cache_.resize(size());
    std::vector<Index> fresh, global;
    for (const Index l : wanted)
      if (!cache_[l]) fresh.push_back(l);
    if (fresh.empty()) return;
    std::vector<std::shared_ptr<std::vector<double>>> rows;
    std::vector<double*> out;
    for (const Index l : fresh) {
      rows.push_back(std::make_shared<std::vector<double>>(size()));
      out.push_back(rows.back()->data());
      global.push_back(candidates_[l]);
    }
    source_->rows(candidates_.data(), size(), global, out.data());
    for (std::size_t r = 0; r < fresh.size(); ++r) {
      (*rows[r])[fresh[r]] = diag_[fresh[r]];
      known_ += cache_[fresh[r]] ? 0 : 1;
      cache_[fresh[r]] = rows[r];
    }
  }

 private:
  static constexpr std::size_t kCacheBytes = std::size_t{1} << 30;
  std::shared_ptr<Source> source_;
  std::vector<Index> candidates_;
  std::size_t aligned_;
  bool identity_ = true;
  std::vector<double> diag_;
  std::unordered_map<Index, Index> local_;
  std::vector<Row> cache_;  // of every candidate, null where it was not read; empty before any was
  std::size_t known_ = 0;
};

}  // namespace sparsekin
