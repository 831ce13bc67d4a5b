// Array types of the border, and the poll that lets Ctrl-C through.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <chrono>
#include <functional>
#include <vector>

#include "l0/source.hpp"

namespace sparsekin {
namespace nb = nanobind;

using Vector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Columns = nb::ndarray<const double, nb::ndim<2>, nb::device::cpu>;  // unit stride down the rows
using Ids = nb::ndarray<const Index, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Offsets = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

inline const double* columns_of(const Columns& a, const char* name) {
  if (a.size() > 0 && a.shape(0) > 1 && a.stride(0) != 1) throw nb::type_error(name);
  return a.data();
}
inline std::size_t stride_of(const Columns& a) {
  return a.shape(1) > 1 ? static_cast<std::size_t>(a.stride(1)) : a.shape(0);
}

template <class T>
nb::object to_numpy(std::vector<T>&& values, std::initializer_list<std::size_t> shape) {
  auto* held = new std::vector<T>(std::move(values));
  nb::capsule owner(held, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T>(held->data(), shape, owner));
}
inline std::vector<Index> to_ids(const Ids& ids) { return {ids.data(), ids.data() + ids.shape(0)}; }
inline nb::object ids_to_numpy(std::vector<Index>&& ids) {
  const std::size_t n = ids.size();
  return to_numpy(std::move(ids), {n});
}

// Runs without the GIL; every 50 ms it asks Python whether a signal handler raised. The search then stops between
// two moves, so its state is whole, and the exception goes on to Python.
class Interruptible {
 public:
  // also: a callable that says whether to stop for another reason, asked as often.
  explicit Interruptible(nb::object also = nb::none()) : also_(std::move(also)) {}
  template <class Body>
  void run(Body body) {
    {
      nb::gil_scoped_release release;
      body([this] { return stop(); });
    }
    if (raised_) throw nb::python_error();
  }

 private:
  bool stop() {
    if (raised_ || stopped_) return true;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return false;
    last_ = now;
    nb::gil_scoped_acquire acquire;
    raised_ = PyErr_CheckSignals() != 0;
    if (!raised_ && !also_.is_none()) stopped_ = nb::cast<bool>(also_());
    return raised_ || stopped_;
  }
  nb::object also_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool raised_ = false, stopped_ = false;
};

}  // namespace sparsekin
