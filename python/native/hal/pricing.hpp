// Phi_k' r_k for every function and task, without Phi.
//
// Rows are scattered into tables of moments M_a[c] = sum of r prod_j (x_j - t_{j, c_j})^{a_j}. Then, axis by axis from
// the top knot down,
//
//   S_a[c] = M_a[c] + sum_{b <= a} binom(a, b) (t_{c+1} - t_c)^{a-b} S_b[c + 1],
//
// whose entry a = o is the answer at cell c. At order 0 these are suffix sums.
#pragma once
#include "hal/sweep.hpp"
#include "hal/tables.hpp"

namespace sparsekin::hal {

class Pricing {
 public:
  explicit Pricing(const Design& design) : design_(design), tables_(design), sweep_(design) {}

  // out: (functions of these sections, tasks) row-major, one section after the other
  void run(const std::vector<std::size_t>& sections, const Payload& payload, double* out) {
    for (std::size_t s : sections) {
      const Section& section = design_.sections()[s];
      if (section.count == 0) continue;
      if (swept(design_, section))
        sweep_.price(section, payload, out);
      else
        price(section, payload, out);
      out += section.count * payload.tasks();
    }
  }

 private:
  void price(const Section& section, const Payload& payload, double* out) {
    tables_.lay_out(section);
    const std::size_t tasks = payload.tasks(), cells = tables_.cells(), moments = tables_.moments();
    table_.assign(tasks * moments * cells, 0.0);
    tables_.find_cells();
    for (std::size_t moment = 0; moment < moments; ++moment) {
      const bool ones = tables_.weigh(moment);
      for (std::size_t k = 0; k < tasks; ++k) scatter(payload, k, ones, &table_[(k * moments + moment) * cells]);
    }
    for (std::size_t k = 0; k < tasks; ++k) {
      double* table = &table_[k * moments * cells];
      tables_.each_knot(table, false, shift);
      const double* top = table + (moments - 1) * cells;
      for (std::size_t j = 0; j < section.count; ++j) out[j * tasks + k] = top[section.cells[j]];
    }
  }

  void scatter(const Payload& payload, std::size_t k, bool ones, double* table) const {
    const double* r = payload.value[k];
    const Cell* cell = &tables_.cell()[payload.start[k]];
    const double* factor = &tables_.factor()[payload.start[k]];
    for (std::size_t i = 0; i < payload.length[k]; ++i)
      if (cell[i] >= 0) table[cell[i]] += ones ? r[i] : r[i] * factor[i];
  }

  // One knot down for all tables of the axis: those of higher degree first, since they read the lower ones above.
  static void shift(double* here, std::size_t step, double gap, int degree, std::size_t apart) {
    for (int high = degree; high >= 0; --high) {
      double factor = 1.0;  // binom(high, low) gap^{high - low}
      for (int low = high; low >= 0; --low) {
        const double* above = here + static_cast<std::size_t>(low) * apart + step;
        double* to = here + static_cast<std::size_t>(high) * apart;
        for (std::size_t i = 0; i < step; ++i) to[i] += factor * above[i];
        factor *= gap * low / (high - low + 1);
      }
    }
  }

  const Design& design_;
  Tables tables_;
  Sweep sweep_;
  std::vector<double> table_;
};

}  // namespace sparsekin::hal
