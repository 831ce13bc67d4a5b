#pragma once
#include "bindings/arrays.hpp"
#include "hal/bits.hpp"
#include "hal/group_descent.hpp"
#include "hal/penalty.hpp"
#include "hal/pricing.hpp"
#include "hal/product.hpp"

namespace sparsekin {

using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// A basis and the arrays it looks at.
struct HalDesign {
  std::vector<Vector> x, knots;
  std::vector<Ids> codes;
  std::vector<Offsets> cells;
  hal::Design design;
};

inline void new_hal_design(HalDesign* self, std::size_t rows, std::vector<Vector> x, std::vector<Vector> knots,
                           std::vector<Ids> codes) {
  std::vector<hal::Axis> axes;
  for (std::size_t a = 0; a < x.size(); ++a)
    axes.push_back({x[a].data(), knots[a].data(), codes[a].data(), knots[a].shape(0)});
  new (self) HalDesign{std::move(x), std::move(knots), std::move(codes), {}, hal::Design(rows, std::move(axes))};
}

inline std::vector<std::size_t> to_functions(const Offsets& ids) {
  return {ids.data(), ids.data() + ids.shape(0)};
}

inline nb::object hal_price(const HalDesign& self, const std::vector<Vector>& values,
                            const std::vector<std::size_t>& starts, Offsets chosen) {
  const auto sections = to_functions(chosen);
  std::size_t functions = 0;
  for (std::size_t s : sections) functions += self.design.sections()[s].count;
  hal::Payload payload;
  for (std::size_t k = 0; k < values.size(); ++k) {
    payload.value.push_back(values[k].data());
    payload.start.push_back(starts[k]);
    payload.length.push_back(values[k].shape(0));
  }
  std::vector<double> out(functions * values.size());
  {
    nb::gil_scoped_release release;
    hal::Pricing(self.design).run(sections, payload, out.data());
  }
  return to_numpy(std::move(out), {functions, values.size()});
}

// (functions, hi - lo): one function after the other
inline nb::object hal_columns(const HalDesign& self, Offsets functions, std::size_t lo, std::size_t hi) {
  const auto ids = to_functions(functions);
  std::vector<double> out(ids.size() * (hi - lo));
  {
    nb::gil_scoped_release release;
    for (std::size_t j = 0; j < ids.size(); ++j) self.design.column(ids[j], lo, hi, out.data() + j * (hi - lo));
  }
  return to_numpy(std::move(out), {ids.size(), hi - lo});
}

using Words = nb::ndarray<const hal::Word, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// (functions, words): functions of order 0 at rows lo .. hi, a bit per row
inline nb::object hal_bits(const HalDesign& self, Offsets functions, std::size_t lo, std::size_t hi) {
  const auto ids = to_functions(functions);
  const std::size_t words = hal::words_of(hi - lo);
  std::vector<hal::Word> out(ids.size() * words);
  {
    nb::gil_scoped_release release;
    for (std::size_t j = 0; j < ids.size(); ++j) hal::pack(self.design, ids[j], lo, hi, out.data() + j * words);
  }
  return to_numpy(std::move(out), {ids.size(), words});
}

// (a, b) rows that are 1 in both, of a and of b functions
inline nb::object hal_shared_ones(Words some, Words others) {
  const std::size_t a = some.shape(0), b = others.shape(0), words = some.shape(1);
  std::vector<double> out(a * b);
  {
    nb::gil_scoped_release release;
    hal::count_shared(some.data(), a, others.data(), b, words, out.data());
  }
  return to_numpy(std::move(out), {a, b});
}

// (K, N)
inline nb::object hal_multiply(const HalDesign& self, Offsets functions, Matrix coef) {
  const auto ids = to_functions(functions);
  const std::size_t tasks = coef.shape(1);
  std::vector<double> out(self.design.rows() * tasks);
  {
    nb::gil_scoped_release release;
    hal::Product(self.design, ids, coef.data(), tasks, out.data()).run();
  }
  return to_numpy(std::move(out), {tasks, self.design.rows()});
}

inline nb::tuple hal_descend(const std::vector<Matrix>& gram, Matrix c, Vector v, Vector sign, Vector yy, double lambda,
                             double ratio, Matrix start, double tolerance, int most) {
  hal::Quadratic problem{c.shape(1),  c.shape(0), {},    c.data(), v.data(),
                         sign.data(), {yy.data(), yy.data() + yy.shape(0)}, lambda, ratio};
  for (std::size_t k = 0; k < problem.tasks; ++k) problem.A.push_back(gram[gram.size() == 1 ? 0 : k].data());
  hal::GroupDescent descent(problem, {start.data(), start.data() + start.size()});
  Interruptible border;
  border.run([&](auto stop) { descent.run(tolerance, most, stop); });
  auto W = descent.W();
  return nb::make_tuple(to_numpy(std::move(W), {problem.tasks, problem.rows}), descent.gap(), descent.sweeps());
}

// (p,) dual norm of each row of a gradient (p, K) over its factor
inline nb::object hal_slopes(Matrix gradient, Vector v, Vector sign, double ratio) {
  const std::size_t tasks = gradient.shape(1);
  std::vector<double> out(gradient.shape(0));
  {
    nb::gil_scoped_release release;
    for (std::size_t j = 0; j < out.size(); ++j)
      out[j] = hal::dual_norm(gradient.data() + j * tasks, tasks, ratio, sign.data()[j]) / v.data()[j];
  }
  const std::size_t rows = out.size();
  return to_numpy(std::move(out), {rows});
}

inline void bind_hal(nb::module_& m) {
  nb::class_<HalDesign>(m, "HalDesign")
      .def("__init__", &new_hal_design)
      .def("add",
           [](HalDesign& self, std::vector<std::size_t> axes, std::vector<int> orders, Offsets cells) {
             self.cells.push_back(cells);
             self.design.add(std::move(axes), std::move(orders), self.cells.back().data(), cells.shape(0));
           })
      .def("price", &hal_price)
      .def("columns", &hal_columns)
      .def("bits", &hal_bits)
      .def("multiply", &hal_multiply);
  m.def("hal_sweeps", &hal::sweeps);
  m.def("hal_descend", &hal_descend);
  m.def("hal_slopes", &hal_slopes);
  m.def("hal_shared_ones", &hal_shared_ones);
}

}  // namespace sparsekin
