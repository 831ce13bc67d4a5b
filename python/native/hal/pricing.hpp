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
    const std::size_t cells = tables_.cells(), moments = tables_.moments(), tasks = payload.tasks();
    each_group(payload, [&](std::size_t from, std::size_t to) {
      table_.assign((to - from) * moments * cells, 0.0);
      scatter(payload, from, to);
      for (std::size_t k = 0; k < to - from; ++k) {
        double* table = table_.data() + k * moments * cells;
        tables_.each_knot(table, false, shift);
        const double* top = table + (moments - 1) * cells;
        for (std::size_t j = 0; j < section.count; ++j) out[j * tasks + from + k] = top[section.cells[j]];
      }
    });
  }

  void scatter(const Payload& payload, std::size_t from, std::size_t to) {
    const std::size_t start = payload.start[from], end = start + payload.length[from];
    const bool turned = tables_.worth_turning(end - start);
    if (turned) wide_.assign(table_.size(), 0.0);
    tables_.with_layout(turned, to - from, [&](const auto& layout) {
      double* table = turned ? wide_.data() : table_.data();
      tables_.each_strip(start, end, [&](const Strip& rows) {
        for (std::size_t i = 0; i < rows.hi - rows.lo; ++i) {
          if (rows.cell[i] < 0) continue;
          double* slot = table + layout.cell(rows.cell[i]);
          for (std::size_t k = from; k < to; ++k, slot += layout.task())
            layout.spread(payload.value[k][rows.lo + i - start], rows.moments(i, layout), slot);
        }
      });
    });
    if (turned) turn(wide_.data(), tables_.cells(), table_.size() / tables_.cells(), table_.data());
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
  std::vector<double> table_, wide_;
};

}  // namespace sparsekin::hal
