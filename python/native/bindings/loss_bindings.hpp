#pragma once
#include <nanobind/stl/function.h>
#include <nanobind/stl/string.h>

#include "bindings/glm_bindings.hpp"
#include "losses/cox_loss.hpp"
#include "losses/newton.hpp"
#include "losses/row_losses.hpp"

namespace sparsekin {

// A loss that Python works out: `at(eta)` gives value, residual, weights and a function of columns (n, m) for Z'H Z.
class PythonLoss final : public Loss {
 public:
  PythonLoss(std::size_t n, nb::object at) : n_(n), at_(std::move(at)) {}
  std::size_t rows() const override { return n_; }
  double at(const double* eta, double* residual, double* weights) override {
    const nb::object found = at_(to_numpy(std::vector<double>(eta, eta + n_), {n_}));
    const auto r = nb::cast<Vector>(found[1]), w = nb::cast<Vector>(found[2]);
    std::copy(r.data(), r.data() + n_, residual);
    std::copy(w.data(), w.data() + n_, weights);
    gram_ = found[3];
    return nb::cast<double>(found[0]);
  }
  void gram(const ColumnList& Z, const double*, double* H) const override {
    const std::size_t m = Z.size();
    std::vector<double> rows;
    for (const double* z : Z) rows.insert(rows.end(), z, z + n_);
    const nb::object columns = to_numpy(std::move(rows), {m, n_}).attr("T");
    const auto found = nb::cast<Vector>(gram_(columns).attr("ravel")());
    std::copy(found.data(), found.data() + m * m, H);
  }

 private:
  std::size_t n_;
  nb::object at_, gram_;
};

inline std::shared_ptr<Loss> row_loss(const std::string& family, Vector y, Vector omega) {
  if (family == "binomial") return std::make_shared<RowLoss<BinomialRow>>(copied(y), copied(omega));
  if (family == "poisson") return std::make_shared<RowLoss<PoissonRow>>(copied(y), copied(omega));
  return std::make_shared<RowLoss<GaussianRow>>(copied(y), copied(omega));
}

inline std::shared_ptr<Loss> cox_loss(Ints32 last, Ints32 deaths, Ints32 death_start, Ints32 term_start, Ints32 first,
                                      Vector frac, Vector wbar, Vector death_w, Vector log_w, double saturated,
                                      double factor) {
  return std::make_shared<CoxLoss>(CoxOutcomes{copied(last), copied(deaths), copied(death_start), copied(term_start),
                                               copied(first), copied(frac), copied(wbar), copied(death_w),
                                               copied(log_w), saturated, factor});
}

// theta, eta, value, drift, converged, steps.
inline nb::tuple newton(Loss& loss, Columns X, Columns U, Vector offset, Vector omega, Vector ridge, Vector theta,
                        double scale, bool curved, double allowed, nb::object rescue) {
  ColumnList Z;
  for (const Columns* part : {&X, &U})
    for (std::size_t j = 0; j < part->shape(1); ++j)
      Z.push_back(columns_of(*part, "columns must be Fortran-ordered") + j * stride_of(*part));
  const auto solve = [&](const std::vector<double>& H, const std::vector<double>& slope, const std::vector<double>& sizes) {
    const std::size_t m = slope.size();
    const nb::object found = rescue(to_numpy(std::vector<double>(H), {m, m}), to_numpy(std::vector<double>(slope), {m}),
                                    to_numpy(std::vector<double>(sizes), {m}));
    return copied(nb::cast<Vector>(found));
  };
  NewtonFit fit = Newton(loss, std::move(Z), copied(ridge), scale, curved, omega.data(), solve)
                      .run(offset.data(), copied(theta), allowed);
  const std::size_t m = fit.theta.size(), n = fit.eta.size();
  return nb::make_tuple(to_numpy(std::move(fit.theta), {m}), to_numpy(std::move(fit.eta), {n}), fit.value, fit.drift,
                        fit.converged, fit.steps);
}

// Value, -gradient and the diagonal of the curvature.
inline nb::tuple loss_at(Loss& loss, Vector eta) {
  const std::size_t n = loss.rows();
  std::vector<double> residual(n), weights(n);
  const double value = loss.at(eta.data(), residual.data(), weights.data());
  return nb::make_tuple(value, to_numpy(std::move(residual), {n}), to_numpy(std::move(weights), {n}));
}

inline void bind_losses(nb::module_& m) {
  nb::class_<Loss>(m, "Loss").def("at", &loss_at, nb::arg("eta"));
  m.def("row_loss", &row_loss, nb::arg("family"), nb::arg("y"), nb::arg("omega"));
  m.def("cox_loss", &cox_loss, nb::arg("last"), nb::arg("deaths"), nb::arg("death_start"), nb::arg("term_start"),
        nb::arg("first"), nb::arg("frac"), nb::arg("wbar"), nb::arg("death_w"), nb::arg("log_w"), nb::arg("saturated"),
        nb::arg("factor"));
  m.def("python_loss", [](std::size_t n, nb::object at) -> std::shared_ptr<Loss> {
    return std::make_shared<PythonLoss>(n, std::move(at));
  }, nb::arg("n"), nb::arg("at"));
  m.def("newton", &newton, nb::arg("loss"), nb::arg("X"), nb::arg("U"), nb::arg("offset"), nb::arg("omega"),
        nb::arg("ridge"), nb::arg("theta"), nb::arg("scale"), nb::arg("curved"), nb::arg("allowed"), nb::arg("rescue"));
}

}  // namespace sparsekin
