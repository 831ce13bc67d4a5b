// Arrays in, arrays out. Objects keep the arrays they were given alive; nothing is copied but short index lists.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include "bindings/exact_bindings.hpp"
#include "bindings/glm_bindings.hpp"
#include "bindings/hal_bindings.hpp"
#include "bindings/l0_bindings.hpp"
#include "bindings/loss_bindings.hpp"
#include "bindings/values_bindings.hpp"

NB_MODULE(_native, m) {
  m.doc() = "Hot loops of sparsekin: arrays in, arrays out. Private; use sparsekin.l0.";
  sparsekin::bind_sources(m);
  sparsekin::bind_separable(m);
  sparsekin::bind_common(m);
  sparsekin::bind_coupled(m);
  sparsekin::bind_exact(m);
  sparsekin::bind_glm(m);
  sparsekin::bind_hal(m);
  sparsekin::bind_losses(m);
  sparsekin::bind_values(m);
}
