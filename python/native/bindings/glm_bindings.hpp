#pragma once
#include <nanobind/stl/shared_ptr.h>

#include "bindings/l0_bindings.hpp"
#include "l0/curvature.hpp"

namespace sparsekin {

using Ints32 = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class Array>
auto copied(const Array& a) {
  using Number = std::remove_const_t<std::remove_reference_t<decltype(a.data()[0])>>;
  return std::vector<Number>(a.data(), a.data() + a.shape(0));
}

inline std::shared_ptr<CoxCurvature> cox_curvature(Vector q, Vector diag, Ints32 from, Ints32 to, Ints32 event,
                                                   Ints32 start, Ints32 first, Vector frac, Vector wbar, Vector phi) {
  return std::make_shared<CoxCurvature>(CoxTerms{copied(q), copied(diag), copied(from), copied(to), copied(event),
                                                 copied(start), copied(first), copied(frac), copied(wbar),
                                                 copied(phi)});
}

inline nb::object curve(const CoxCurvature& curvature, Columns v) {
  const double* V = columns_of(v, "v must be Fortran-ordered");
  const std::size_t n = v.shape(0), m = v.shape(1), stride = stride_of(v);
  std::vector<double> out(n * m);
  for (std::size_t c = 0; c < m; ++c) curvature.apply(V + c * stride, out.data() + c * n);
  return to_numpy(std::move(out), {m, n});
}

// Of task k: columns held; (s + 1, m) gains of every exchange, last row of adding, -infinity where closed, the penalty on
// supports left out; and what leaving costs.
inline nb::tuple move_gains(const Separable& search, std::size_t k) {
  const BlockState& state = search.state(k);
  const std::size_t s = state.size(), m = state.candidates();
  std::vector<double> gain((s + 1) * m), cost(s);
  std::vector<double> count(m);
  for (std::size_t i = 0; i < s; ++i) {
    const double invd = 1.0 / state.d(i);
    double* row = gain.data() + i * m;
    cost[i] = state.exit_cost(i);
    leaf::add_exchange(state.g(), state.hs(), state.W(i), state.b(i) * invd, invd, cost[i], row, count.data(), m);
  }
  for (std::size_t l = 0; l < m; ++l)
    if (state.open(l))
      gain[s * m + l] = state.entry_gain(l);
    else
      for (std::size_t i = 0; i <= s; ++i) gain[i * m + l] = -kInfinity;
  return nb::make_tuple(ids_to_numpy(search.support(k)), to_numpy(std::move(gain), {s + 1, m}),
                        to_numpy(std::move(cost), {s}));
}

inline void bind_glm(nb::module_& m) {
  nb::class_<CoxCurvature>(m, "CoxCurvature").def("apply", &curve, nb::arg("v"));
  m.def("cox_curvature", &cox_curvature, nb::arg("q"), nb::arg("diag"), nb::arg("from_"), nb::arg("to"),
        nb::arg("event"), nb::arg("start"), nb::arg("first"), nb::arg("frac"), nb::arg("wbar"), nb::arg("phi"));
  m.def("move_gains", &move_gains, nb::arg("search"), nb::arg("k"));
}

}  // namespace sparsekin
