// Leaf loops: the only code compiled with reassociation of sums and, where the platform has it, cloned per
// instruction set. Everything is a plain loop over contiguous arrays of length n.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sparsekin::leaf {

double dot(const double* x, const double* y, std::size_t n);
void axpy(double a, const double* x, double* y, std::size_t n);  // y += a x
double weighted_square(const double* w, const double* x, std::size_t n);  // sum_i w_i x_i^2
void subtract_products(const double* x, const double* z, double* y, std::size_t n);  // y_l -= x_l z_l
// y += sum_i a_i rows_i, i < s.
void combine(const double* const* rows, const double* a, std::size_t s, double* y, std::size_t n);
// n rows of A, width apart and as long: A += a x x'.
void add_square(double a, const double* x, std::size_t n, double* A, std::size_t width);
// y += sum_i x_i A_i over the same.
void add_product(const double* A, const double* x, std::size_t n, std::size_t width, double* y);
// out_i = A_ii + A_i' B A_i, both n rows.
void add_forms(const double* A, const double* B, std::size_t n, std::size_t width, double* out);
// r equations in n lanes, the lower triangle of H row by row, every entry n numbers: out += g' H^-1 g. The pivots are
// left in the diagonal of H.
void solve_lanes(double* H, double* g, std::size_t r, std::size_t n, double* out);

// out[j] = columns[j]' v, j < m: the pass over X that every Gram row is.
void cross(const double* const* columns, std::size_t m, const double* v, std::size_t n, double* out);

// The same for four vectors at once, out[r][j] = columns[j]' v[r]: X is read once.
void cross_four(const double* const* columns, std::size_t m, const double* const* v, std::size_t n,
                double* const* out);

// One column enters S. rows: the s rows of W on a tile; e in: its Gram row, out: its covariance given S.
//   e -= sum_i q_i W_i;   W_i -= (u_i / h) e;   fresh = e / h;   h_l -= e^2 / h;   g_l -= e g / h
void enter(double* const* rows, std::size_t s, const double* q, const double* u_over_h, double* e, double* fresh,
           double one_over_h, double* h, std::size_t n);
void enter_gradient(const double* e, double g_over_h, double* g, std::size_t n);

// Column r leaves S: W_i -= ratio_i W_r for i != r, h_l += W_rl^2 / d (and g_l += (b_r / d) W_rl by axpy).
void leave(double* const* rows, std::size_t s, std::size_t r, const double* ratio, double one_over_d, double* h,
           std::size_t n);

// hs = max(h, floor): what a scan divides by; floor is infinite where a column may not enter.
void floor_at(const double* h, const double* floor, double* hs, std::size_t n);

// How many l have (g_l + beta W_l)^2 > (T - 2 bonus_l) (hs_l + invd W_l^2): those whose gain beats the best so far.
std::size_t beaten(const double* g, const double* hs, const double* w, double beta, double invd, double T,
                   const double* bonus, std::size_t n);
// The same without a column leaving: g_l^2 > (T - 2 bonus_l) hs_l.
std::size_t beaten_by_entry(const double* g, const double* hs, double T, const double* bonus, std::size_t n);

// best_l = max(best_l, (g_l + beta W_l)^2 / (2 (hs_l + invd W_l^2)) - cost), arg_l = label where it rose.
void best_exchange(const double* g, const double* hs, const double* w, double beta, double invd, double cost,
                   double label, double* best, double* arg, std::size_t n);
// total_l += the same value and count_l += 1 where hs_l is finite.
void add_exchange(const double* g, const double* hs, const double* w, double beta, double invd, double cost,
                  double* total, double* count, std::size_t n);
// gain_l += (g_l - ratio r_l)^2 / (2 (h_l - r_l^2 / h)): what column l adds beside one it has covariance r_l with;
// huge where the two are next to collinear.
void add_second(const double* g, const double* h, const double* r, double ratio, double one_over_h, const double* least,
                double* gain, std::size_t n);
// total_l += (g_l - ratio r_l)^2 / (2 (h_l - r_l^2 / h)): what column l adds once one it has covariance r_l with is in;
// kDoubt where what is left of h_l is less than can be trusted. Several outcomes: the squares are added up first.
constexpr double kDoubt = 1e250;
void add_second_entry(const double* g, const double* h, const double* trust, const double* r,
                      double ratio, double one_over_h, double* total, std::size_t n);
void add_rest(const double* g, const double* r, double ratio, double* squares, std::size_t n);
void add_second_entries(const double* squares, const double* h, const double* trust,
                        const double* r, double one_over_h, double* total, std::size_t n);
// Several outcomes, one design: how many l have gg_l + 2 invd W_l P_l + bb invd^2 W_l^2 > T (hs_l + invd W_l^2).
std::size_t beaten_shared(const double* gg, const double* P, const double* hs, const double* w, double bb,
                          double invd, double T, std::size_t n);

void add_squares(const double* g, double* gg, std::size_t n);                              // gg_l += g_l^2
void add_entry(const double* gg, const double* hs, double* total, std::size_t n);  // total_l += gg_l / (2 hs_l)
void add_positive(const double* x, const double* y, double* total, std::size_t n);  // total_l += max(x_l + y_l, 0)
// units_l = joining_l where hs_l is finite, else -infinity; gifts_l = unit units_l. joining may be gifts.
void gifts(const double* hs, const double* joining, double unit, double* units, double* gifts, std::size_t n);
std::size_t above(const double* x, double threshold, std::size_t n);  // how many x_l > threshold
std::size_t below(const double* x, const double* limit, std::size_t n);  // how many x_l < limit_l

// Columns x[l] side by side, l < kLanes: s[to_i kLanes + l] += q_i x_li.
constexpr std::size_t kLanes = 8;
void lanes_into_times(const double* const* x, const double* q, const std::int32_t* to, std::size_t n, double* s);
// Of T times, backwards: S += s[t + 1], from 0 where a stratum ends; out_l -= sum over the terms a of t of
// wbar_a ((S_l - frac_a e[t]_l) / phi_a)^2. e is null where every frac is 0.
void squares_over_times(const double* s, const double* e, const std::int32_t* first, const std::int32_t* start,
                        const double* frac, const double* wbar, const double* inverse_phi, std::size_t T, double* out);

}  // namespace sparsekin::leaf
