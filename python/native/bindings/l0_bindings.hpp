#pragma once
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>

#include "bindings/arrays.hpp"
#include "l0/common.hpp"
#include "l0/coupled.hpp"
#include "l0/coupled_pairs.hpp"
#include "l0/enumeration.hpp"
#include "l0/exact/data.hpp"
#include "l0/fold_gram.hpp"
#include "l0/joint_moves.hpp"
#include "l0/pair_moves.hpp"
#include "l0/separable.hpp"

namespace sparsekin {

inline const double* data_or_null(const nb::object& array, Vector& held) {
  if (array.is_none()) return nullptr;
  held = nb::cast<Vector>(array);
  return held.data();
}

inline std::shared_ptr<RowSource> dense_source(Columns X, nb::object weights, Columns basis, Vector inverse_scale,
                                            double factor, std::shared_ptr<CoxCurvature> curvature) {
  Vector w;
  const double* weight = data_or_null(weights, w);
  auto* source = new DenseSource(columns_of(X, "X must be Fortran-ordered"), stride_of(X), X.shape(0), X.shape(1),
                                 weight, columns_of(basis, "basis must be Fortran-ordered"), basis.shape(1),
                                 inverse_scale.data(), factor, std::move(curvature));
  return {source, [X, w, basis, inverse_scale](RowSource* s) { delete s; }};
}

inline std::shared_ptr<RowSource> sparse_source(Vector data, Ids row_of, Offsets start, std::size_t n,
                                             nb::object weights, Columns basis, Vector inverse_scale, double factor,
                                             std::shared_ptr<CoxCurvature> curvature) {
  Vector w;
  const double* weight = data_or_null(weights, w);
  auto* source =
      new SparseSource(data.data(), row_of.data(), start.data(), n, start.shape(0) - 1, weight,
                       columns_of(basis, "basis must be Fortran-ordered"), basis.shape(1), inverse_scale.data(), factor,
                       std::move(curvature));
  return {source, [data, row_of, start, w, basis, inverse_scale](RowSource* s) { delete s; }};
}

// None where it took longer than `seconds`. `known`: what is given for the one outcome y is M' W y.
inline nb::object profile(RowSource& source, Columns y, double seconds, bool known) {
  const std::size_t p = source.p(), outcomes = y.shape(1);
  const double* Y = columns_of(y, "y must be Fortran-ordered");
  std::vector<double> diag(p), c(p * outcomes);
  const exact::Clock clock(seconds);
  bool whole = false;
  Interruptible().run([&](const Poll& poll) {
    const auto stop = [&] { return poll() || clock.late(); };
    whole = known ? source.profile_known(Y, diag.data(), c.data(), stop)
                  : source.profile(Y, outcomes, diag.data(), c.data(), stop);
  });
  if (!whole) return nb::none();
  return nb::make_tuple(to_numpy(std::move(diag), {p}), to_numpy(std::move(c), {outcomes, p}));
}

inline std::shared_ptr<FoldGram> fold_gram(Columns X, nb::object weights, Columns basis, Offsets starts) {
  Vector w;
  const double* weight = data_or_null(weights, w);
  std::vector<std::size_t> at(starts.data(), starts.data() + starts.shape(0));
  auto* gram = new FoldGram(columns_of(X, "X must be Fortran-ordered"), stride_of(X), X.shape(0), X.shape(1), weight,
                            columns_of(basis, "basis must be Fortran-ordered"), basis.shape(1), std::move(at));
  return {gram, [X, w, basis](FoldGram* g) { delete g; }};
}

inline nb::tuple fold_profile(FoldGram& gram, Columns y) {
  const std::size_t F = gram.folds(), p = gram.p(), K = y.shape(1), rank = gram.rank();
  const double* Y = columns_of(y, "y must be Fortran-ordered");
  std::vector<double> square(F * p), c(F * K * p), A(F * p * rank);
  {
    nb::gil_scoped_release release;
    gram.profile(Y, K, square.data(), c.data());
    for (std::size_t f = 0; f < F; ++f)
      for (std::size_t l = 0; l < p; ++l)
        for (std::size_t r = 0; r < rank; ++r) A[(f * p + l) * rank + r] = gram.A(f, static_cast<Index>(l))[r];
  }
  return nb::make_tuple(to_numpy(std::move(square), {F, p}), to_numpy(std::move(c), {F, K, p}),
                        to_numpy(std::move(A), {F, p, rank}));
}

inline std::shared_ptr<Source> fold_source(std::shared_ptr<FoldGram> gram, std::size_t fold, Vector inverse_scale,
                                           double factor, Vector S) {
  std::vector<double> inverse(S.data(), S.data() + S.shape(0));
  auto* source = new FoldSource(std::move(gram), fold, inverse_scale.data(), factor, std::move(inverse));
  return {source, [inverse_scale](Source* s) { delete s; }};
}

inline void bind_sources(nb::module_& m) {
  nb::class_<Source>(m, "Source");
  nb::class_<RowSource, Source>(m, "RowSource").def("profile", &profile, nb::arg("y"), nb::arg("seconds") = kInfinity,
                                         nb::arg("known") = false);
  nb::class_<FoldGram>(m, "FoldGram").def("profile", &fold_profile, nb::arg("y"));
  m.def("fold_gram", &fold_gram, nb::arg("X"), nb::arg("weights").none(), nb::arg("basis"), nb::arg("starts"));
  m.def("fold_source", &fold_source, nb::arg("gram"), nb::arg("fold"), nb::arg("inverse_scale"), nb::arg("factor"),
        nb::arg("S"));
  m.def("dense_source", &dense_source, nb::arg("X"), nb::arg("weights").none(), nb::arg("basis"),
        nb::arg("inverse_scale"), nb::arg("factor"), nb::arg("curvature").none() = nb::none());
  m.def("sparse_source", &sparse_source, nb::arg("data"), nb::arg("row_of"), nb::arg("start"), nb::arg("n"),
        nb::arg("weights").none(), nb::arg("basis"), nb::arg("inverse_scale"), nb::arg("factor"),
        nb::arg("curvature").none() = nb::none());
  nb::class_<View>(m, "View")
      .def("__init__",
           [](View* self, std::shared_ptr<Source> source, Ids candidates, std::size_t aligned, Vector diag) {
             new (self) View(std::move(source), to_ids(candidates), aligned, diag.data());
           })
      .def("candidates", [](const View& v) { return ids_to_numpy(std::vector<Index>(v.candidates())); })
      .def_prop_ro("aligned", &View::aligned)
      .def_prop_ro("size", &View::size);
}

// c of a task over its candidates; 0 where a column may not enter.
inline std::vector<double> gather(const View& view, const Vector& c) {
  std::vector<double> out(view.size());
  for (std::size_t l = 0; l < out.size(); ++l) out[l] = view.usable(l) ? c.data()[view.global(static_cast<Index>(l))] : 0.0;
  return out;
}

using Views = std::vector<std::shared_ptr<View>>;

inline std::vector<Yardstick> yardsticks(const Vector& null, const Vector& floor) {
  std::vector<Yardstick> out;
  for (std::size_t k = 0; k < null.shape(0); ++k) out.push_back({null.data()[k], floor.data()[k]});
  return out;
}

inline void bind_separable(nb::module_& m) {
  nb::class_<Separable>(m, "Separable")
      .def("__init__",
           [](Separable* self, const Views& views, const std::vector<Vector>& c, double tau,
              std::vector<std::size_t> caps, double delta, Vector null, Vector floor) {
             std::vector<BlockState> states;
             for (std::size_t k = 0; k < views.size(); ++k)
               states.emplace_back(views[k], std::vector<std::vector<double>>{gather(*views[k], c[k])}, tau);
             new (self) Separable(std::move(states), std::move(caps), delta, yardsticks(null, floor));
           })
      .def("load", [](Separable& s, std::size_t k, Ids ids) { s.load(k, to_ids(ids)); })
      .def("forward",
           [](Separable& s, std::size_t k, std::size_t size) {
             Interruptible().run([&](const Poll& poll) { s.forward(k, size, poll); });
           })
      .def("shrink", &Separable::shrink)
      .def("explained",
           [](const Separable& s) {
             std::vector<double> out;
             for (std::size_t k = 0; k < s.tasks(); ++k) out.push_back(s.state(k).explained());
             return out;
           })
      .def("polish",
           [](Separable& s, bool joint, bool pairs) {
             Interruptible().run([&](const Poll& poll) {
               while (s.polish_singles(poll) &&
                      ((joint && JointMoves(s).improve()) || (pairs && exchange_pairs(s)))) {
               }
             });
           })
      .def("exhaust",
           [](Separable& s, std::size_t k, std::size_t size) {
             Exhausted found;
             Interruptible().run([&](const Poll& poll) { found = exhaust(s, k, size, poll); });
             return nb::make_tuple(found.better, found.whole);
           })
      .def("penalty", &Separable::penalty)
      .def("best_gains",
           [](const Separable& s) {
             std::vector<double> out;
             for (std::size_t k = 0; k < s.tasks(); ++k) out.push_back(s.best_move(k, 0.0).gain);
             return out;
           })
      .def("tolerances",
           [](const Separable& s) {
             std::vector<double> out;
             for (std::size_t k = 0; k < s.tasks(); ++k) out.push_back(s.tolerance(k));
             return out;
           })
      .def("support", [](const Separable& s, std::size_t k) { return ids_to_numpy(s.support(k)); })
      .def("supports",
           [](const Separable& s) {
             nb::list out;
             for (std::size_t k = 0; k < s.tasks(); ++k) {
               auto ids = s.support(k);
               std::sort(ids.begin(), ids.end());
               out.append(ids_to_numpy(std::move(ids)));
             }
             return out;
           })
      .def("coefficients",
           [](const Separable& s, std::size_t k) {
             std::vector<double> b;
             for (std::size_t i = 0; i < s.state(k).size(); ++i) b.push_back(s.state(k).b(i));
             const std::size_t n = b.size();
             return to_numpy(std::move(b), {n});
           })
      .def("entry_gains",
           [](const Separable& s, std::size_t k) {
             auto gain = entry_gains(s.state(k), s.cap(k), s.bonus(k));
             const std::size_t m = gain.size();
             return to_numpy(std::move(gain), {m});
           })
      .def("set_cap", &Separable::set_cap)
      .def("set_delta", &Separable::set_delta)
      .def_prop_ro("moves", &Separable::moves);
}

inline void bind_common(nb::module_& m) {
  nb::class_<Common>(m, "Common")
      .def("__init__",
           [](Common* self, const Views& views, const std::vector<Vector>& c, double tau, std::size_t cap,
              Vector null, Vector floor) {
             std::vector<BlockState> blocks;
             if (views.size() == 1) {
               std::vector<std::vector<double>> all;
               for (const auto& one : c) all.push_back(gather(*views[0], one));
               blocks.emplace_back(views[0], std::move(all), tau);
             } else {
               for (std::size_t k = 0; k < views.size(); ++k)
                 blocks.emplace_back(views[k], std::vector<std::vector<double>>{gather(*views[k], c[k])}, tau);
             }
             new (self) Common(std::move(blocks), cap, yardsticks(null, floor));
           })
      .def("load", [](Common& s, Ids ids) { s.load(to_ids(ids)); })
      .def("forward",
           [](Common& s, std::size_t size) {
             Interruptible().run([&](const Poll& poll) { s.forward(size, poll); });
           })
      .def("shrink", &Common::shrink)
      .def("polish",
           [](Common& s, bool pairs) {
             Interruptible().run([&](const Poll& poll) {
               while (s.polish(poll) && pairs && exchange_pairs(s)) {
               }
             });
           })
      .def("exhaust",
           [](Common& s, std::size_t size) {
             Exhausted found;
             Interruptible().run([&](const Poll& poll) { found = exhaust(s, size, poll); });
             return nb::make_tuple(found.better, found.whole);
           })
      .def("explained",
           [](const Common& s) {
             std::vector<double> out;
             for (std::size_t k = 0; k < s.tasks(); ++k) out.push_back(s.explained(k));
             return out;
           })
      .def("best_gains", [](const Common& s) { return std::vector<double>{s.best_move(0.0).gain}; })
      .def("tolerances", [](const Common& s) { return std::vector<double>{s.tolerance()}; })
      .def("support", [](const Common& s) { return ids_to_numpy(s.support()); })
      .def("entry_gains",
           [](const Common& s) {
             auto gain = s.entry_gains();
             const std::size_t m = gain.size();
             return to_numpy(std::move(gain), {m});
           })
      .def("set_cap", &Common::set_cap)
      .def_prop_ro("moves", &Common::moves);
}

inline void bind_coupled(nb::module_& m) {
  nb::class_<Coupled>(m, "Coupled")
      .def("__init__",
           [](Coupled* self, const Views& views, const std::vector<Vector>& c, double lambda_1, double lambda_2,
              std::vector<std::size_t> caps, double delta, bool common, Vector null, Vector floor) {
             CoupledData data;
             data.views = views;
             data.lambda_1 = lambda_1;
             data.lambda_2 = lambda_2;
             for (std::size_t k = 0; k < views.size(); ++k) data.c.push_back(gather(*views[k], c[k]));
             new (self) Coupled(std::move(data), std::move(caps), delta, common, yardsticks(null, floor));
           })
      .def("load",
           [](Coupled& s, const std::vector<Ids>& ids) {
             std::vector<std::vector<Index>> supports;
             for (const auto& one : ids) supports.push_back(to_ids(one));
             s.load(supports);
           })
      .def("forward",
           [](Coupled& s, std::size_t size) {
             Interruptible().run([&](const Poll& poll) { s.forward(size, poll); });
           })
      .def("polish",
           [](Coupled& s, bool pairs) {
             Interruptible().run([&](const Poll& poll) {
               while (s.polish(poll) && pairs && CoupledPairs(s).improve(poll)) {
               }
             });
           })
      .def("exhaust",
           [](Coupled& s) { Interruptible().run([&](const Poll& poll) { CoupledPairs(s).exhaust(poll); }); })
      .def("best_gains", &Coupled::best_gains)
      .def("tolerances", [](const Coupled& s) { return s.tolerances(); })
      .def("support", [](const Coupled& s, std::size_t k) { return ids_to_numpy(s.support(k)); })
      .def("entry_gains",
           [](const Coupled& s, std::size_t k) {
             auto gain = s.entry_gains_of(k);
             const std::size_t m = gain.size();
             return to_numpy(std::move(gain), {m});
           })
      .def("gain_over_null", &Coupled::gain_over_null)
      .def("shrink", &Coupled::shrink, nb::call_guard<nb::gil_scoped_release>())
      .def("set_cap", &Coupled::set_cap)
      .def("set_delta", &Coupled::set_delta)
      .def_prop_ro("moves", &Coupled::moves);
}

}  // namespace sparsekin
