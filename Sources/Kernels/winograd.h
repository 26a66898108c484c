// The passes of a 3×3 convolution by Winograd's method: winograd_transforms.h has the mathematics.

// MARK: - Passes

// Whether a shape's products are of bfloat16 numbers on this path.
INLINE int multiplies_halves(KernelConvolution shape) {
#ifdef PATH_HAS_BFLOAT16
  return shape.products == KERNEL_BFLOAT16;
#else
  (void)shape;
  return 0;
#endif
}

// Element `index` of factors of a kind.
INLINE const void *factor_at(const void *factors, size_t index, Factors kind) {
  return kind == FLOATS ? (const void *)((const float *)factors + index)
                        : (const void *)((const uint16_t *)factors + index);
}

// Where the passes' parts of scratch memory begin.
typedef struct {
  size_t v_stride;
  size_t m_stride;
  float *v;    // factors of the input
  float *m;    // products, or factors of the output's gradient
  float *line; // one row of tiles, transformed along the columns
} PassMemory;

INLINE PassMemory pass_memory(KernelConvolution shape, TileGroups groups, float *scratch) {
  PassMemory memory;
  memory.v_stride = frequency_stride(groups, shape.inputs);
  memory.m_stride = frequency_stride(groups, shape.outputs);
  memory.v = scratch;
  memory.m = memory.v + FREQUENCIES * memory.v_stride;
  memory.line = memory.m + FREQUENCIES * memory.m_stride;
  return memory;
}

INLINE void winograd_convolve_as(
    KernelConvolution shape, const void *source, const void *weights, void *destination, float *scratch,
    double *sums, const KernelElement element, const Factors kind) {
  TileGroups groups = tile_groups(shape);
  PassMemory memory = pass_memory(shape, groups, scratch);
  int vectors = panel_vectors(shape.outputs);
  int panel = vectors * LANES;
  for (int first = 0; first < groups.rows; first += groups.rows_per_group) {
    int rows = groups.rows - first < groups.rows_per_group ? groups.rows - first : groups.rows_per_group;
    for (int channel = 0; channel < shape.inputs; channel += LANES) {
      for (int row = 0; row < rows; row++) {
        gather_row(
            shape, groups, source, (first + row) / groups.rows_per_image, (first + row) % groups.rows_per_image,
            shape.inputs, channel, memory.v_stride, memory.line, memory.v, row * groups.tiles_per_row, element, kind);
      }
    }
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
      for (int output = 0; output < shape.outputs; output += panel) {
        const void *u = factor_at(weights, ((size_t)frequency * shape.outputs + output) * shape.inputs, kind);
        for (int tile = 0; tile < rows * groups.tiles_per_row; tile += TILES_PER_BLOCK) {
          const void *from =
              factor_at(memory.v, frequency * memory.v_stride + (size_t)tile * tile_stride(shape.inputs), kind);
          float *to = memory.m + frequency * memory.m_stride + (size_t)tile * tile_stride(shape.outputs) + output;
          if (vectors == 2) {
            multiply_panel(from, shape.inputs, u, to, shape.outputs, 2, kind);
          } else {
            multiply_panel(from, shape.inputs, u, to, shape.outputs, 1, kind);
          }
        }
      }
    }
    for (int channel = 0; channel < shape.outputs; channel += LANES) {
      for (int row = 0; row < rows; row++) {
        scatter_row(
            shape, groups, memory.m + (size_t)row * groups.tiles_per_row * tile_stride(shape.outputs), memory.m_stride,
            destination, (first + row) / groups.rows_per_image, (first + row) % groups.rows_per_image, shape.outputs,
            channel, sums, element);
      }
    }
  }
}

INLINE void winograd_weight_gradient_as(
    KernelConvolution shape, const void *source, const void *output_gradient, float *u, float *scratch,
    const KernelElement element, const Factors kind) {
  TileGroups groups = tile_groups(shape);
  PassMemory memory = pass_memory(shape, groups, scratch);
  int vectors = panel_vectors(shape.outputs);
  int panel = vectors * LANES;
  int tiles_per_row = kind == HALF_PAIRS ? (groups.tiles_per_row + 1) & ~1 : groups.tiles_per_row;
  memset(u, 0, sizeof(float) * FREQUENCIES * shape.inputs * shape.outputs);
  for (int first = 0; first < groups.rows; first += groups.rows_per_group) {
    int rows = groups.rows - first < groups.rows_per_group ? groups.rows - first : groups.rows_per_group;
    for (int row = 0; row < rows; row++) {
      size_t image = (first + row) / groups.rows_per_image;
      int tile_row = (first + row) % groups.rows_per_image;
      for (int channel = 0; channel < shape.inputs; channel += LANES) {
        gather_row(
            shape, groups, source, image, tile_row, shape.inputs, channel, memory.v_stride, memory.line, memory.v,
            row * tiles_per_row, element, kind);
      }
      for (int channel = 0; channel < shape.outputs; channel += LANES) {
        gather_gradient_row(
            shape, groups, output_gradient, image, tile_row, shape.outputs, channel, memory.m_stride, memory.m,
            row * tiles_per_row, element, kind);
      }
    }
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
      for (int output = 0; output < shape.outputs; output += panel) {
        const void *gradients =
            factor_at(memory.m, frequency * memory.m_stride + (kind == HALF_PAIRS ? 2 : 1) * output, kind);
        for (int input = 0; input < shape.inputs; input += 8) {
          const void *from =
              factor_at(memory.v, frequency * memory.v_stride + (kind == HALF_PAIRS ? 2 : 1) * input, kind);
          float *to = u + ((size_t)frequency * shape.outputs + output) * shape.inputs + (size_t)input * panel;
          if (vectors == 2) {
            accumulate_panel(from, shape.inputs, gradients, shape.outputs, rows * tiles_per_row, to, 2, kind);
          } else {
            accumulate_panel(from, shape.inputs, gradients, shape.outputs, rows * tiles_per_row, to, 1, kind);
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
         + (size_t)PATCH * (groups.tiles_per_row * TILE + 2 + TILE) * LANES;
}

// Transforms the weights of LANES outputs and one input.
INLINE void pack_input(
    KernelConvolution shape, const float *weights, int is_rotated, int output, int input, Lanes u[FREQUENCIES]) {
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
  UNROLL
  for (int i = 0; i < PATCH; i++) {
    Lanes row[3] = {columns[0][i], columns[1][i], columns[2][i]};
    transform_weights(row, u + i * PATCH);
  }
}

// `is_rotated`: for the gradient of the input, a convolution with inputs and outputs exchanged and the kernel turned by 180°.
static void winograd_pack_weights(KernelConvolution shape, const float *weights, int is_rotated, float *u) {
  int panel = panel_vectors(shape.outputs) * LANES;
  size_t stride = (size_t)shape.inputs * shape.outputs;
  for (int output = 0; output < shape.outputs; output += LANES) {
    size_t target = (size_t)(output / panel * panel) * shape.inputs + output % panel;
    if (!multiplies_halves(shape)) {
      for (int input = 0; input < shape.inputs; input++) {
        Lanes frequencies[FREQUENCIES];
        pack_input(shape, weights, is_rotated, output, input, frequencies);
        for (int i = 0; i < FREQUENCIES; i++) {
          store_lanes(u + target + (size_t)input * panel + i * stride, frequencies[i]);
        }
      }
      continue;
    }
#ifdef PATH_HAS_BFLOAT16
    target = (size_t)(output / panel * panel) * shape.inputs + 2 * (output % panel);
    for (int input = 0; input < shape.inputs; input += 2) {
      Lanes even[FREQUENCIES], odd[FREQUENCIES];
      pack_input(shape, weights, is_rotated, output, input, even);
      pack_input(shape, weights, is_rotated, output, input + 1, odd);
      for (int i = 0; i < FREQUENCIES; i++) {
        _mm512_storeu_si512(
            (uint16_t *)u + target + (size_t)input * panel + i * stride, interleave(even[i], odd[i]));
      }
    }
#endif
  }
}

static void winograd_convolve(
    KernelConvolution shape, KernelElement element, const void *source, const float *u, void *destination,
    float *scratch, double *sums) {
  if (element == KERNEL_FLOAT32) {
    winograd_convolve_as(shape, source, u, destination, scratch, sums, KERNEL_FLOAT32, FLOATS);
  } else if (!multiplies_halves(shape)) {
    winograd_convolve_as(shape, source, u, destination, scratch, sums, KERNEL_BFLOAT16, FLOATS);
  } else {
    winograd_convolve_as(shape, source, u, destination, scratch, sums, KERNEL_BFLOAT16, HALVES);
  }
}

static void winograd_weight_gradient(
    KernelConvolution shape, KernelElement element, const void *source, const void *output_gradient, float *u,
    float *scratch, float *gradient) {
  if (element == KERNEL_FLOAT32) {
    winograd_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_FLOAT32, FLOATS);
  } else if (!multiplies_halves(shape)) {
    winograd_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16, FLOATS);
  } else {
    winograd_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16, HALF_PAIRS);
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
