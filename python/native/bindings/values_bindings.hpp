#pragma once
#include "bindings/arrays.hpp"
#include "l0/linked_values.hpp"

namespace sparsekin {

using Products = nb::ndarray<const double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Rows = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Held = nb::ndarray<const bool, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// (a b, z, K) coefficients at every ridge and link, these running fastest, as LinkedValues.
inline nb::object linked_values(Products G, Rows c, Offsets at, Held held, std::size_t n_keep, double keep_ridge,
                                Vector ridges, Vector links) {
  const std::size_t K = G.shape(0), z = at.shape(0), a = ridges.shape(0), b = links.shape(0);
  std::vector<double> out(a * b * z * K);
  std::vector<Lane> lanes;
  for (std::size_t i = 0; i < a; ++i)
    for (std::size_t j = 0; j < b; ++j) lanes.push_back({ridges.data()[i], links.data()[j], i * b + j});
  {
    nb::gil_scoped_release release;
    LinkedValues(G.data(), c.data(), K, G.shape(1), {at.data(), at.data() + z}, held.data(), n_keep, keep_ridge)
        .run(std::move(lanes), out.data());
  }
  return to_numpy(std::move(out), {a * b, z, K});
}

inline void bind_values(nb::module_& m) {
  m.def("linked_values", &linked_values, nb::arg("G"), nb::arg("c"), nb::arg("at"), nb::arg("held"), nb::arg("n_keep"),
        nb::arg("keep_ridge"), nb::arg("ridges"), nb::arg("links"));
}

}  // namespace sparsekin
