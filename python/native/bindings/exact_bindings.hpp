#pragma once
#include <nanobind/stl/tuple.h>

#include "bindings/l0_bindings.hpp"
#include "l0/exact/closing.hpp"

namespace sparsekin {

using MarkArray = nb::ndarray<const signed char, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

inline exact::Marks to_marks(const MarkArray& marks) {
  exact::Marks out;
  for (std::size_t k = 0; k < marks.shape(0); ++k) {
    const signed char* row = marks.data() + k * marks.shape(1);
    out.emplace_back(row, row + marks.shape(1));
  }
  return out;
}

// A relaxation and the node it was last solved at.
struct NodeRelaxation {
  exact::Relaxation relaxation;
  exact::Marks marks;
  exact::Near near;  // of the only task, once it was set
  bool screens = false;
  std::size_t units() const { return relaxation.data().units(); }
};

inline void new_relaxation(NodeRelaxation* self, const Views& views, const std::vector<Vector>& c,
                           const std::vector<Vector>& d, std::vector<std::size_t> s, double lambda_1, double lambda_2,
                           double delta, double constant, double noise, bool common) {
  exact::Data data{views, {}, {}, std::move(s), lambda_1, lambda_2, delta, constant, noise, common};
  for (std::size_t k = 0; k < views.size(); ++k) {
    data.c.push_back(gather(*views[k], c[k]));
    data.d.push_back(gather(*views[k], d[k]));
  }
  new (self) NodeRelaxation{exact::Relaxation(std::move(data)), {}, {}};
}

inline double solve_node(NodeRelaxation& self, MarkArray marks, double cutoff, double accuracy, int rounds,
                         double seconds, bool root, Ids task, Ids column, Vector value) {
  self.marks = to_marks(marks);
  exact::Start start;
  for (std::size_t i = 0; i < task.shape(0); ++i)
    start.emplace_back(task.data()[i], column.data()[i], value.data()[i]);
  double found = 0.0;
  Interruptible().run([&](const Poll& poll) {
    found = self.relaxation.solve(self.marks, cutoff, accuracy, rounds, exact::Clock(seconds, poll), root, start);
  });
  return found;
}

// (task, column, b, z) where b is not 0.
inline nb::tuple node_point(const NodeRelaxation& self) {
  const auto& x = self.relaxation.at();
  std::vector<Index> task, column;
  std::vector<double> b, z;
  for (std::size_t k = 0; k < x.K; ++k)
    for (std::size_t j = 0; j < x.p; ++j) {
      if (x.b[k][j] == 0.0) continue;
      task.push_back(static_cast<Index>(k));
      column.push_back(static_cast<Index>(j));
      b.push_back(x.b[k][j]);
      z.push_back(x.z(x.data.common ? 0 : k, j));
    }
  const std::size_t n = b.size();
  return nb::make_tuple(ids_to_numpy(std::move(task)), ids_to_numpy(std::move(column)), to_numpy(std::move(b), {n}),
                        to_numpy(std::move(z), {n}));
}

inline nb::object node_gains(const NodeRelaxation& self) {
  const std::size_t p = self.relaxation.data().columns();
  std::vector<double> out;
  for (std::size_t k = 0; k < self.units(); ++k)
    for (std::size_t j = 0; j < p; ++j) out.push_back(self.relaxation.at().gain(k, j));
  return to_numpy(std::move(out), {self.units(), p});
}

// (units, m) z at which b is best: d b / z = u, so z = ||sqrt(d) b|| / ||u / sqrt(d)||, whatever tau and the prices say.
inline nb::object node_shares(const NodeRelaxation& self) {
  const auto& x = self.relaxation.at();
  std::vector<double> above(self.units() * x.p), below(self.units() * x.p);
  for (std::size_t k = 0; k < x.K; ++k)
    for (std::size_t j = 0; j < x.p; ++j) {
      const double d = x.data.d[k][j], b = x.b[k][j], u = x.u[k][j];
      if (b == 0.0) continue;
      const std::size_t at = (x.data.common ? 0 : k) * x.p + j;
      above[at] += d * b * b;
      below[at] += u * u / d;
    }
  for (std::size_t i = 0; i < above.size(); ++i)
    above[i] = above[i] < below[i] ? std::sqrt(above[i] / below[i]) : above[i] > 0.0 ? 1.0 : 0.0;
  return to_numpy(std::move(above), {self.units(), x.p});
}

inline nb::object fix_node(NodeRelaxation& self, double cutoff, double seconds) {
  auto marks = self.marks;
  self.relaxation.fix(cutoff, seconds, marks);
  std::vector<signed char> out;
  for (const auto& row : marks) out.insert(out.end(), row.begin(), row.end());
  return to_numpy(std::move(out), {self.units(), self.relaxation.data().columns()});
}

// (values, first, second, third column) of all ways below `below` to fill one to three places, at most the best `most`; -1
// for a place left empty. None where there are too many to look at, columns are too close to collinear to tell, or `stop`
// says so.
inline nb::object close_node(NodeRelaxation& self, MarkArray marks, std::size_t room, double below, std::size_t most,
                             nb::object stop) {
  const auto mark = to_marks(marks)[0];
  std::vector<exact::Filling> found;
  bool sound = false;
  Interruptible(stop).run([&](const Poll& poll) {
    const exact::Clock clock(std::numeric_limits<double>::infinity(), poll);
    const exact::Near* near = self.screens ? &self.near : nullptr;
    exact::Closing closing(self.relaxation.data(), self.relaxation.omega()[0], mark, near, clock);
    sound = closing.sound();
    if (sound) found = closing.fill(room, below, most);
    sound = closing.sound();
  });
  if (!sound) return nb::none();
  std::vector<double> value;
  std::vector<Index> first, second, third;
  for (const auto& filling : found) {
    value.push_back(filling.value);
    first.push_back(filling.first);
    second.push_back(filling.second);
    third.push_back(filling.third);
  }
  const std::size_t n = value.size();
  return nb::make_tuple(to_numpy(std::move(value), {n}), ids_to_numpy(std::move(first)),
                        ids_to_numpy(std::move(second)), ids_to_numpy(std::move(third)));
}

// Pairs of columns whose entry of G exceeds `limit` on the scale where the diagonal is 1; no others do.
inline void set_near(NodeRelaxation& self, Ids first, Ids second, nb::ndarray<const float, nb::ndim<1>, nb::c_contig> share,
                     double limit, double error, double triples, Ids tight) {
  const std::size_t n = first.shape(0);
  self.near = {};
  self.near.first.assign(first.data(), first.data() + n);
  self.near.second.assign(second.data(), second.data() + n);
  self.near.share.assign(share.data(), share.data() + n);
  self.near.limit = limit, self.near.error = error, self.near.triples = triples;
  self.near.tight.assign(tight.data(), tight.data() + tight.shape(0));
  self.near.index(self.relaxation.data().columns());
  self.screens = true;
}

// (|columns|, p) rows of G over the candidates of a view.
inline nb::object gram_rows(View& view, Ids columns) {
  const std::vector<Index> wanted(columns.data(), columns.data() + columns.shape(0));
  view.prefetch(wanted);
  std::vector<double> out;
  for (const Index j : wanted) {
    const auto row = view.row(j);
    out.insert(out.end(), row->begin(), row->end());
  }
  return to_numpy(std::move(out), {wanted.size(), view.size()});
}

// Prices (K, m) nearest to gains (K, m), column by column.
inline nb::object project_prices(const std::vector<Vector>& gains, double delta) {
  const std::size_t K = gains.size(), m = gains[0].shape(0);
  const auto penalty = exact::penalties(delta, K);
  exact::Projection projection;
  std::vector<double> out(K * m), x(K), w(K);
  for (std::size_t j = 0; j < m; ++j) {
    for (std::size_t k = 0; k < K; ++k) x[k] = gains[k].data()[j];
    projection.project(x, penalty, w);
    for (std::size_t k = 0; k < K; ++k) out[k * m + j] = w[k];
  }
  return to_numpy(std::move(out), {K, m});
}

inline void bind_exact(nb::module_& m) {
  m.def("gram_rows", &gram_rows);
  m.def("project_prices", &project_prices);
  nb::class_<NodeRelaxation>(m, "Relaxation")
      .def("__init__", &new_relaxation)
      .def("solve", &solve_node)
      .def("bound", [](NodeRelaxation& self) { return self.relaxation.bound(); })
      .def("point", &node_point)
      .def("gains", &node_gains)
      .def("shares", &node_shares)
      .def("fix", &fix_node)
      .def("close", &close_node)
      .def("set_near", &set_near)
      .def("tau", [](const NodeRelaxation& self, std::size_t k) { return self.relaxation.at().place(k); })
      .def("omega",
           [](NodeRelaxation& self) {
             std::vector<double> out;
             for (const auto& row : self.relaxation.omega()) out.insert(out.end(), row.begin(), row.end());
             return to_numpy(std::move(out), {self.relaxation.data().tasks(), self.relaxation.data().columns()});
           })
      .def("set_omega", [](NodeRelaxation& self, std::size_t k, Vector prices) {
        auto& row = self.relaxation.omega()[k];
        row.assign(prices.data(), prices.data() + prices.shape(0));
      });
}

}  // namespace sparsekin
