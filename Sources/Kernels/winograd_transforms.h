// 3×3 convolutions with stride 1 by Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2015, §4): a tile of 4×4
// outputs takes 36 products per pair of channels instead of 144.
//
//     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A      d: 6×6 inputs, g: 3×3 weights, Y: 4×4 outputs
//
// The interpolation points are 0, ±√½, ±√2, ∞ instead of the usual 0, ±1, ±2, ∞: in float32 the error is half as large,
// about 6·10⁻⁷ of the result (root mean square), and a²b² = 1 for a = √½ and b = √2.
//
// The factors are float32 or, on paths with bfloat16 multiplication, bfloat16: twice as fast, with an error of 1 % of
// the result, because the transforms amplify the rounding errors (a direct convolution in bfloat16 has 0.2 %). Sums and
// transforms are float32.
//
// Weight gradients use the adjoint: ∂L/∂U = Σ over tiles of (Bᵀ d B) (A ∂L/∂Y Aᵀ), ∂L/∂g = Gᵀ ∂L/∂U G.

#define ROOT_HALF 0.70710678118654752f
#define ROOT_TWO 1.41421356237309505f

enum { TILE = 4, PATCH = 6, FREQUENCIES = PATCH * PATCH, TILES_PER_BLOCK = 8 };

// Bᵀ along one axis: 6 inputs → 6 frequencies.
INLINE void transform_input(const Lanes d[PATCH], Lanes v[PATCH]) {
  Lanes even_a = d[4] - 2 * d[2];
  Lanes odd_a = d[3] - 2 * d[1];
  Lanes even_b = d[4] - 0.5f * d[2];
  Lanes odd_b = d[3] - 0.5f * d[1];
  v[0] = (d[0] - 2.5f * d[2]) + d[4];
  v[1] = even_a + ROOT_HALF * odd_a;
  v[2] = even_a - ROOT_HALF * odd_a;
  v[3] = even_b + ROOT_TWO * odd_b;
  v[4] = even_b - ROOT_TWO * odd_b;
  v[5] = (d[1] - 2.5f * d[3]) + d[5];
}

// Aᵀ along one axis: 6 frequencies → 4 outputs.
INLINE void transform_output(const Lanes m[PATCH], Lanes y[TILE]) {
  Lanes sum_a = m[1] + m[2];
  Lanes difference_a = m[1] - m[2];
  Lanes sum_b = m[3] + m[4];
  Lanes difference_b = m[3] - m[4];
  y[0] = m[0] + (sum_a + sum_b);
  y[1] = ROOT_HALF * difference_a + ROOT_TWO * difference_b;
  y[2] = 0.5f * sum_a + 2 * sum_b;
  y[3] = (m[5] + (0.5f * ROOT_HALF) * difference_a) + (2 * ROOT_TWO) * difference_b;
}

// A along one axis: 4 output gradients → 6 frequencies.
INLINE void transform_output_gradient(const Lanes y[TILE], Lanes m[PATCH]) {
  Lanes even_a = y[0] + 0.5f * y[2];
  Lanes odd_a = y[1] + 0.5f * y[3];
  Lanes even_b = y[0] + 2 * y[2];
  Lanes odd_b = y[1] + 2 * y[3];
  m[0] = y[0];
  m[1] = even_a + ROOT_HALF * odd_a;
  m[2] = even_a - ROOT_HALF * odd_a;
  m[3] = even_b + ROOT_TWO * odd_b;
  m[4] = even_b - ROOT_TWO * odd_b;
  m[5] = y[3];
}

// G along one axis: 3 weights → 6 frequencies. With N_p = Π (p − q) over the other points: N_0 = 1, N_a = −1.5,
// N_b = 6.
INLINE void transform_weights(const Lanes g[3], Lanes u[PATCH]) {
  Lanes even_a = g[0] + 0.5f * g[2];
  Lanes odd_a = ROOT_HALF * g[1];
  Lanes even_b = g[0] + 2 * g[2];
  Lanes odd_b = ROOT_TWO * g[1];
  u[0] = g[0];
  u[1] = (even_a + odd_a) * (-2 / 3.0f);
  u[2] = (even_a - odd_a) * (-2 / 3.0f);
  u[3] = (even_b + odd_b) * (1 / 6.0f);
  u[4] = (even_b - odd_b) * (1 / 6.0f);
  u[5] = g[2];
}

// Gᵀ along one axis: 6 frequencies → 3 weight gradients.
INLINE void transform_weight_gradient(const Lanes u[PATCH], Lanes g[3]) {
  Lanes sum_a = (u[1] + u[2]) * (-2 / 3.0f);
  Lanes difference_a = (u[1] - u[2]) * (-2 / 3.0f);
  Lanes sum_b = (u[3] + u[4]) * (1 / 6.0f);
  Lanes difference_b = (u[3] - u[4]) * (1 / 6.0f);
  g[0] = u[0] + (sum_a + sum_b);
  g[1] = ROOT_HALF * difference_a + ROOT_TWO * difference_b;
  g[2] = (0.5f * sum_a + 2 * sum_b) + u[5];
}
