// 3×3 convolutions of stride 1 by Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2015, §4): a tile of 4×4 outputs costs 36
// products a channel pair instead of 144.
//
//     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A      d: 6×6 inputs, g: 3×3 weights, Y: 4×4 outputs
//
// The polynomial's points are 0, ±√½, ±√2, ∞ instead of the usual 0, ±1, ±2, ∞: in float32 the error is half as large, about 6·10⁻⁷ of
// the result (root mean square), and a²b² = 1. Everything between load and store is float32.
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

// G along one axis: 3 weights → 6 frequencies. With N_p = Π (p − q) over the other points: N_0 = 1, N_a = −1.5, N_b = 6.
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

// MARK: - Sizes

// How a shard is cut: a group is a number of whole rows of tiles, so that what it needs stays in the caches.
typedef struct {
  int tiles_per_row;
  int rows_per_image;
  int rows;            // of the whole shard
  int rows_per_group;
  int tiles_per_group; // a multiple of TILES_PER_BLOCK; the last ones may be padding
} TileGroups;

INLINE TileGroups tile_groups(KernelConvolution shape) {
  TileGroups groups;
  groups.tiles_per_row = (shape.width + TILE - 1) / TILE;
  groups.rows_per_image = (shape.height + TILE - 1) / TILE;
  groups.rows = shape.images * groups.rows_per_image;
  // Wide layers read many weights for each tile, and want more tiles for each reading.
  int channels = shape.inputs > shape.outputs ? shape.inputs : shape.outputs;
  int wanted = channels <= 64 ? 16 : channels <= 128 ? 32 : 64;
  int rows = wanted / groups.tiles_per_row;
  groups.rows_per_group = rows < 1 ? 1 : rows < groups.rows ? rows : groups.rows;
  int tiles = groups.rows_per_group * groups.tiles_per_row;
  groups.tiles_per_group = (tiles + TILES_PER_BLOCK - 1) / TILES_PER_BLOCK * TILES_PER_BLOCK;
  return groups;
}

// Tiles of wide layers and all frequencies lie a line more than their elements apart: at powers of two they would share few sets of the
// cache.
INLINE size_t tile_stride(int channels) { return channels >= 128 ? channels + 16 : channels; }

INLINE size_t frequency_stride(TileGroups groups, int channels) {
  return (size_t)groups.tiles_per_group * tile_stride(channels) + 16;
}

// How many vectors of output channels lie side by side in transformed weights: `[frequency][panel][input][panel's outputs]`.
INLINE int panel_vectors(int channels) {
  int vectors = channels / LANES;
  return vectors % 2 == 0 ? 2 : 1;
}

// MARK: - Shard ↔ frequencies

// Transforms one row of tiles of one block of channels: `v[frequency][tile][channels]` from `image[height][width][block]`.
INLINE void gather_row(
    KernelConvolution shape, TileGroups groups, const void *source, size_t image, int tile_row, int channels,
    int channel, size_t stride, float *line, float *v, KernelElement element) {
  size_t step = shape.block;
  size_t base = ((image * (channels / step) + channel / step) * shape.height * shape.width) * step + channel % step;
  int padded_width = groups.tiles_per_row * TILE + 2;
  int first = tile_row * TILE - 1;
  for (int x = 0; x < padded_width; x++) {
    Lanes d[PATCH], f[PATCH];
    int column = x - 1;
    if (column < 0 || column >= shape.width) {
      UNROLL
      for (int i = 0; i < PATCH; i++) {
        store_lanes(line + (i * padded_width + x) * LANES, broadcast(0));
      }
      continue;
    }
    if (first >= 0 && first + PATCH <= shape.height) {
      UNROLL
      for (int i = 0; i < PATCH; i++) {
        d[i] = load(source, base + ((size_t)(first + i) * shape.width + column) * step, element);
      }
    } else {
      UNROLL
      for (int i = 0; i < PATCH; i++) {
        int row = first + i;
        d[i] = row >= 0 && row < shape.height
                   ? load(source, base + ((size_t)row * shape.width + column) * step, element)
                   : broadcast(0);
      }
    }
    transform_input(d, f);
    UNROLL
    for (int i = 0; i < PATCH; i++) {
      store_lanes(line + (i * padded_width + x) * LANES, f[i]);
    }
  }
  for (int tile = 0; tile < groups.tiles_per_row; tile++) {
    float *target = v + (size_t)tile * tile_stride(channels) + channel;
    for (int i = 0; i < PATCH; i++) {
      Lanes d[PATCH], f[PATCH];
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        d[j] = load_lanes(line + (i * padded_width + tile * TILE + j) * LANES);
      }
      transform_input(d, f);
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        store_lanes(target + (i * PATCH + j) * stride, f[j]);
      }
    }
  }
}

// The inverse for outputs, and their sums and sums of squares for each channel where `sums` is not null.
INLINE void scatter_row(
    KernelConvolution shape, TileGroups groups, const float *m, size_t stride, void *destination, size_t image,
    int tile_row, int channels, int channel, double *sums, KernelElement element) {
  size_t step = shape.block;
  size_t base = ((image * (channels / step) + channel / step) * shape.height * shape.width) * step + channel % step;
  int top = tile_row * TILE;
  Lanes sum = broadcast(0), sum_of_squares = broadcast(0);
  for (int tile = 0; tile < groups.tiles_per_row; tile++) {
    const float *frequencies = m + (size_t)tile * tile_stride(channels) + channel;
    Lanes rows[PATCH][TILE];
    UNROLL
    for (int i = 0; i < PATCH; i++) {
      Lanes f[PATCH];
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        f[j] = load_lanes(frequencies + (i * PATCH + j) * stride);
      }
      transform_output(f, rows[i]);
    }
    int left = tile * TILE;
    int is_whole = top + TILE <= shape.height && left + TILE <= shape.width;
    UNROLL
    for (int j = 0; j < TILE; j++) {
      Lanes f[PATCH], y[TILE];
      UNROLL
      for (int i = 0; i < PATCH; i++) {
        f[i] = rows[i][j];
      }
      transform_output(f, y);
      UNROLL
      for (int i = 0; i < TILE; i++) {
        if (is_whole || (top + i < shape.height && left + j < shape.width)) {
          store(destination, base + ((size_t)(top + i) * shape.width + left + j) * step, y[i], element);
          sum += y[i];
          sum_of_squares += y[i] * y[i];
        }
      }
    }
  }
  if (sums) {
    add_to(sums + channel, sum);
    add_to(sums + channels + channel, sum_of_squares);
  }
}

// The adjoint of `scatter_row`: `d[frequency][tile][channels]` from the gradient of the outputs.
INLINE void gather_gradient_row(
    KernelConvolution shape, TileGroups groups, const void *source, size_t image, int tile_row, int channels,
    int channel, size_t stride, float *d, KernelElement element) {
  size_t step = shape.block;
  size_t base = ((image * (channels / step) + channel / step) * shape.height * shape.width) * step + channel % step;
  int top = tile_row * TILE;
  for (int tile = 0; tile < groups.tiles_per_row; tile++) {
    int left = tile * TILE;
    int is_whole = top + TILE <= shape.height && left + TILE <= shape.width;
    Lanes columns[TILE][PATCH];
    UNROLL
    for (int j = 0; j < TILE; j++) {
      Lanes y[TILE];
      UNROLL
      for (int i = 0; i < TILE; i++) {
        y[i] = is_whole || (top + i < shape.height && left + j < shape.width)
                   ? load(source, base + ((size_t)(top + i) * shape.width + left + j) * step, element)
                   : broadcast(0);
      }
      transform_output_gradient(y, columns[j]);
    }
    float *target = d + (size_t)tile * tile_stride(channels) + channel;
    UNROLL
    for (int i = 0; i < PATCH; i++) {
      Lanes y[TILE], f[PATCH];
      UNROLL
      for (int j = 0; j < TILE; j++) {
        y[j] = columns[j][i];
      }
      transform_output_gradient(y, f);
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        store_lanes(target + (i * PATCH + j) * stride, f[j]);
      }
    }
  }
}

// MARK: - Products

// m[tile][outputs of one panel] = Σ over inputs of v[tile][input] · u[input][outputs of the panel], TILES_PER_BLOCK tiles.
INLINE void multiply_panel(
    const float *v, int inputs, const float *u, float *m, int outputs, const int vectors) {
  Lanes sums[TILES_PER_BLOCK][2];
  UNROLL
  for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      sums[tile][k] = broadcast(0);
    }
  }
  for (int input = 0; input < inputs; input++) {
    Lanes weights[2];
    UNROLL
    for (int k = 0; k < vectors; k++) {
      weights[k] = load_lanes(u + k * LANES);
    }
    u += vectors * LANES;
    UNROLL
    for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
      Lanes value = broadcast(v[(size_t)tile * tile_stride(inputs) + input]);
      UNROLL
      for (int k = 0; k < vectors; k++) {
        sums[tile][k] += value * weights[k];
      }
    }
  }
  UNROLL
  for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      store_lanes(m + (size_t)tile * tile_stride(outputs) + k * LANES, sums[tile][k]);
    }
  }
}

// u[8 inputs][outputs of one panel] += Σ over tiles of v[tile][input] · d[tile][outputs of the panel].
INLINE void accumulate_panel(
    const float *v, int inputs, const float *d, int outputs, int tiles, float *u, const int vectors) {
  enum { INPUTS = 8 };
  Lanes sums[INPUTS][2];
  UNROLL
  for (int input = 0; input < INPUTS; input++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      sums[input][k] = load_lanes(u + (input * vectors + k) * LANES);
    }
  }
  for (int tile = 0; tile < tiles; tile++) {
    Lanes gradients[2];
    UNROLL
    for (int k = 0; k < vectors; k++) {
      gradients[k] = load_lanes(d + (size_t)tile * tile_stride(outputs) + k * LANES);
    }
    UNROLL
    for (int input = 0; input < INPUTS; input++) {
      Lanes value = broadcast(v[(size_t)tile * tile_stride(inputs) + input]);
      UNROLL
      for (int k = 0; k < vectors; k++) {
        sums[input][k] += value * gradients[k];
      }
    }
  }
  UNROLL
  for (int input = 0; input < INPUTS; input++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      store_lanes(u + (input * vectors + k) * LANES, sums[input][k]);
    }
  }
}

// MARK: - Passes

INLINE void winograd_convolve_elements(
    KernelConvolution shape, const void *source, const float *weights, void *destination, float *scratch,
    double *sums, const KernelElement element) {
  TileGroups groups = tile_groups(shape);
  size_t v_stride = frequency_stride(groups, shape.inputs);
  size_t m_stride = frequency_stride(groups, shape.outputs);
  float *v = scratch;
  float *m = v + FREQUENCIES * v_stride;
  float *line = m + FREQUENCIES * m_stride;
  int vectors = panel_vectors(shape.outputs);
  int panel = vectors * LANES;
  for (int first = 0; first < groups.rows; first += groups.rows_per_group) {
    int rows = groups.rows - first < groups.rows_per_group ? groups.rows - first : groups.rows_per_group;
    for (int channel = 0; channel < shape.inputs; channel += LANES) {
      for (int row = 0; row < rows; row++) {
        gather_row(
            shape, groups, source, (first + row) / groups.rows_per_image, (first + row) % groups.rows_per_image,
            shape.inputs, channel, v_stride, line, v + (size_t)row * groups.tiles_per_row * tile_stride(shape.inputs), element);
      }
    }
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
      const float *u = weights + (size_t)frequency * shape.inputs * shape.outputs;
      for (int output = 0; output < shape.outputs; output += panel) {
        for (int tile = 0; tile < rows * groups.tiles_per_row; tile += TILES_PER_BLOCK) {
          const float *from = v + frequency * v_stride + (size_t)tile * tile_stride(shape.inputs);
          float *to = m + frequency * m_stride + (size_t)tile * tile_stride(shape.outputs) + output;
          if (vectors == 2) {
            multiply_panel(from, shape.inputs, u + (size_t)output * shape.inputs, to, shape.outputs, 2);
          } else {
            multiply_panel(from, shape.inputs, u + (size_t)output * shape.inputs, to, shape.outputs, 1);
          }
        }
      }
    }
    for (int channel = 0; channel < shape.outputs; channel += LANES) {
      for (int row = 0; row < rows; row++) {
        scatter_row(
            shape, groups, m + (size_t)row * groups.tiles_per_row * tile_stride(shape.outputs), m_stride, destination,
            (first + row) / groups.rows_per_image, (first + row) % groups.rows_per_image, shape.outputs, channel,
            sums, element);
      }
    }
  }
}

INLINE void winograd_weight_gradient_elements(
    KernelConvolution shape, const void *source, const void *output_gradient, float *u, float *scratch,
    const KernelElement element) {
  TileGroups groups = tile_groups(shape);
  size_t v_stride = frequency_stride(groups, shape.inputs);
  size_t d_stride = frequency_stride(groups, shape.outputs);
  float *v = scratch;
  float *d = v + FREQUENCIES * v_stride;
  float *line = d + FREQUENCIES * d_stride;
  int vectors = panel_vectors(shape.outputs);
  int panel = vectors * LANES;
  memset(u, 0, sizeof(float) * FREQUENCIES * shape.inputs * shape.outputs);
  for (int first = 0; first < groups.rows; first += groups.rows_per_group) {
    int rows = groups.rows - first < groups.rows_per_group ? groups.rows - first : groups.rows_per_group;
    for (int row = 0; row < rows; row++) {
      size_t image = (first + row) / groups.rows_per_image;
      int tile_row = (first + row) % groups.rows_per_image;
      for (int channel = 0; channel < shape.inputs; channel += LANES) {
        gather_row(
            shape, groups, source, image, tile_row, shape.inputs, channel, v_stride, line,
            v + (size_t)row * groups.tiles_per_row * tile_stride(shape.inputs), element);
      }
      for (int channel = 0; channel < shape.outputs; channel += LANES) {
        gather_gradient_row(
            shape, groups, output_gradient, image, tile_row, shape.outputs, channel, d_stride,
            d + (size_t)row * groups.tiles_per_row * tile_stride(shape.outputs), element);
      }
    }
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
      for (int output = 0; output < shape.outputs; output += panel) {
        for (int input = 0; input < shape.inputs; input += 8) {
          const float *from = v + frequency * v_stride + input;
          const float *gradients = d + frequency * d_stride + output;
          float *to = u + ((size_t)frequency * shape.outputs + output) * shape.inputs + (size_t)input * panel;
          if (vectors == 2) {
            accumulate_panel(from, shape.inputs, gradients, shape.outputs, rows * groups.tiles_per_row, to, 2);
          } else {
            accumulate_panel(from, shape.inputs, gradients, shape.outputs, rows * groups.tiles_per_row, to, 1);
          }
        }
      }
    }
  }
}

// MARK: - The path's functions

static size_t winograd_scratch_count(KernelConvolution shape) {
  TileGroups groups = tile_groups(shape);
  return FREQUENCIES * (frequency_stride(groups, shape.inputs) + frequency_stride(groups, shape.outputs))
         + (size_t)PATCH * (groups.tiles_per_row * TILE + 2) * LANES;
}

// `is_rotated`: for the gradient of the input, a convolution with inputs and outputs exchanged and the kernel turned by 180°.
static void winograd_pack_weights(
    KernelConvolution shape, const float *weights, int is_rotated, float *u) {
  int panel = panel_vectors(shape.outputs) * LANES;
  for (int output = 0; output < shape.outputs; output += LANES) {
    for (int input = 0; input < shape.inputs; input++) {
      Lanes g[3][3], columns[3][PATCH];
      UNROLL
      for (int i = 0; i < 3; i++) {
        UNROLL
        for (int j = 0; j < 3; j++) {
          for (int lane = 0; lane < LANES; lane++) {
            size_t index = is_rotated ? ((size_t)input * shape.outputs + output + lane) * 9 + (2 - i) * 3 + 2 - j
                                      : ((size_t)(output + lane) * shape.inputs + input) * 9 + i * 3 + j;
            g[i][j][lane] = weights[index];
          }
        }
      }
      UNROLL
      for (int j = 0; j < 3; j++) {
        Lanes column[3] = {g[0][j], g[1][j], g[2][j]};
        transform_weights(column, columns[j]);
      }
      float *target = u + (size_t)(output / panel * panel) * shape.inputs + (size_t)input * panel + output % panel;
      for (int i = 0; i < PATCH; i++) {
        Lanes row[3] = {columns[0][i], columns[1][i], columns[2][i]}, frequencies[PATCH];
        transform_weights(row, frequencies);
        for (int j = 0; j < PATCH; j++) {
          store_lanes(target + (size_t)(i * PATCH + j) * shape.inputs * shape.outputs, frequencies[j]);
        }
      }
    }
  }
}

static void winograd_convolve(
    KernelConvolution shape, KernelElement element, const void *source, const float *u, void *destination,
    float *scratch, double *sums) {
  if (element == KERNEL_FLOAT32) {
    winograd_convolve_elements(shape, source, u, destination, scratch, sums, KERNEL_FLOAT32);
  } else {
    winograd_convolve_elements(shape, source, u, destination, scratch, sums, KERNEL_BFLOAT16);
  }
}

static void winograd_weight_gradient(
    KernelConvolution shape, KernelElement element, const void *source, const void *output_gradient, float *u,
    float *scratch, float *gradient) {
  if (element == KERNEL_FLOAT32) {
    winograd_weight_gradient_elements(shape, source, output_gradient, u, scratch, KERNEL_FLOAT32);
  } else {
    winograd_weight_gradient_elements(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16);
  }
  int panel = panel_vectors(shape.outputs) * LANES;
  for (int output = 0; output < shape.outputs; output += LANES) {
    for (int input = 0; input < shape.inputs; input++) {
      const float *from = u + (size_t)(output / panel * panel) * shape.inputs + (size_t)input * panel + output % panel;
      Lanes columns[PATCH][3];
      for (int j = 0; j < PATCH; j++) {
        Lanes column[PATCH];
        for (int i = 0; i < PATCH; i++) {
          column[i] = load_lanes(from + (size_t)(i * PATCH + j) * shape.inputs * shape.outputs);
        }
        transform_weight_gradient(column, columns[j]);
      }
      for (int i = 0; i < 3; i++) {
        Lanes row[PATCH], g[3];
        for (int j = 0; j < PATCH; j++) {
          row[j] = columns[j][i];
        }
        transform_weight_gradient(row, g);
        for (int j = 0; j < 3; j++) {
          for (int lane = 0; lane < LANES; lane++) {
            gradient[((size_t)(output + lane) * shape.inputs + input) * 9 + i * 3 + j] = g[j][lane];
          }
        }
      }
    }
  }
}
