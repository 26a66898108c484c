// The passes of a 3×3 convolution by Winograd's method. Mathematics: winograd_transforms.h; symbols and shapes:
// winograd_factors.h.

// MARK: - Passes

// Returns 1 if this path multiplies the factors of a convolution in bfloat16.
INLINE int multiplies_halves(KernelConvolution shape) {
  return MULTIPLIES_BFLOAT16 && shape.products == KERNEL_BFLOAT16;
}

// Returns the address of element `index` of an array of factors.
INLINE const void *factor_at(const void *factors, size_t index, Factors kind) {
  return kind == FLOATS ? (const void *)((const float *)factors + index)
                        : (const void *)((const uint16_t *)factors + index);
}

// The parts of the scratch memory of one pass.
typedef struct {
  FactorMemory v; // the transformed input
  FactorMemory m; // float32 products (convolution), or the transformed output gradient d (weight gradient)
  float *line;    // `[6][columns of a row of tiles][LANES]`: one row of tiles, transformed along its columns
} PassMemory;

INLINE PassMemory pass_memory(KernelConvolution shape, TileGroups groups, float *scratch) {
  PassMemory memory;
  memory.v.stride = frequency_stride(groups, shape.inputs);
  memory.m.stride = frequency_stride(groups, shape.outputs);
  memory.v.elements = scratch;
  memory.m.elements = scratch + FREQUENCIES * memory.v.stride;
  memory.v.column = LANES;
  memory.m.column = panel_vectors(shape.outputs) * LANES;
  memory.v.tiles = memory.m.tiles = groups.tiles_per_group;
  memory.line = (float *)memory.m.elements + FREQUENCIES * memory.m.stride;
  return memory;
}

INLINE void winograd_convolve_as(
    KernelConvolution shape, const void *source, const void *weights, void *destination, float *scratch,
    double *sums, const KernelElement element, const Factors kind) {
  TileGroups groups = tile_groups(shape);
  PassMemory memory = pass_memory(shape, groups, scratch);
  float *m = memory.m.elements;
  int vectors = panel_vectors(shape.outputs);
  int panel = vectors * LANES;
  for (int first = 0; first < groups.rows; first += groups.rows_per_group) {
    int rows = groups.rows - first < groups.rows_per_group ? groups.rows - first : groups.rows_per_group;
    for (int channel = 0; channel < shape.inputs; channel += LANES) {
      for (int row = 0; row < rows; row++) {
        TileRow tiles = tile_row(shape, groups, first + row, shape.inputs, channel);
        gather_row(
            shape, groups, source, tiles, memory.line, memory.v, row * groups.tiles_per_row, element, kind);
      }
    }
    RowsToCome destinations = rows_to_come(shape, groups, destination, shape.outputs, first, element);
    RowsToCome sources =
        rows_to_come(shape, groups, source, shape.inputs, first + groups.rows_per_group, element);
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
      prefetch_share(&destinations, 1);
      prefetch_share(&sources, 0);
      for (int output = 0; output < shape.outputs; output += panel) {
        const void *u = factor_at(weights, ((size_t)frequency * shape.outputs + output) * shape.inputs, kind);
        for (int tile = 0; tile < rows * groups.tiles_per_row; tile += TILES_PER_BLOCK) {
          const void *v = factor_at(
              memory.v.elements, frequency * memory.v.stride + (size_t)tile * tile_stride(shape.inputs), kind);
          float *products = m + frequency * memory.m.stride + (size_t)tile * tile_stride(shape.outputs) + output;
          multiply(v, shape.inputs, u, products, shape.outputs, vectors, kind);
        }
      }
    }
    for (int channel = 0; channel < shape.outputs; channel += LANES) {
      for (int row = 0; row < rows; row++) {
        TileRow tiles = tile_row(shape, groups, first + row, shape.outputs, channel);
        scatter_row(
            shape, groups, m + (size_t)row * groups.tiles_per_row * tile_stride(shape.outputs), memory.m.stride,
            destination, tiles, sums, element);
      }
    }
  }
}

// Adds the products for a weight gradient of one group of tiles at one frequency, for one block of inputs and one panel
// of outputs.
INLINE void accumulate_block(
    KernelConvolution shape, PassMemory memory, int tiles, int frequency, int input, int output, float *u,
    const Factors kind, const int is_first) {
  size_t from = frequency * memory.v.stride + factor_offset(memory.v, 0, shape.inputs, input, kind);
  size_t with = frequency * memory.m.stride + factor_offset(memory.m, 0, shape.outputs, output, kind);
  int inputs = kind == HALF_COLUMNS ? memory.v.column : shape.inputs;
  int outputs = kind == HALF_COLUMNS ? memory.m.column : shape.outputs;
  accumulate(
      factor_at(memory.v.elements, from, kind), inputs, factor_at(memory.m.elements, with, kind), outputs, tiles, u,
      panel_vectors(shape.outputs), kind, is_first);
}

// Transforms u[frequency], whose elements are `stride` floats apart, to weight gradients g[3][3] of LANES outputs and
// one input.
INLINE void transform_to_gradient(const float *u, size_t stride, Lanes g[9]) {
  Lanes columns[PATCH][3];
  UNROLL
  for (int j = 0; j < PATCH; j++) {
    Lanes column[PATCH];
    UNROLL
    for (int i = 0; i < PATCH; i++) {
      column[i] = load_lanes(u + (size_t)(i * PATCH + j) * stride);
    }
    transform_weight_gradient(column, columns[j]);
  }
  UNROLL
  for (int i = 0; i < 3; i++) {
    Lanes row[PATCH];
    UNROLL
    for (int j = 0; j < PATCH; j++) {
      row[j] = columns[j][i];
    }
    transform_weight_gradient(row, g + 3 * i);
  }
}

// Returns 1 if the weight gradients at all frequencies, `[frequency][input][output]`, exceed the caches: with 128 · 128
// channels they take 2.4 MB. The gradients of each group are then transformed at once, block by block, and a quarter as
// many numbers, `[panel][input][3 · 3][panel's outputs]`, are accumulated over the groups.
INLINE int is_wide(KernelConvolution shape) { return (size_t)shape.inputs * shape.outputs > 128 * 128; }

static size_t winograd_gradient_count(KernelConvolution shape) {
  return (size_t)(is_wide(shape) ? 9 : FREQUENCIES) * shape.inputs * shape.outputs;
}

// `sums` ← or += the weight gradients of one group of tiles, for one block of inputs and one panel of outputs of a wide
// convolution.
//
// The two halves of the transform alternate with the products, so that their arrays stay in the level 1 cache.
INLINE void accumulate_transformed(
    KernelConvolution shape, PassMemory memory, int tiles, int input, int output, float *sums, const Factors kind,
    int is_first) {
  enum { MOST_VECTORS = INPUTS_PER_BLOCK * 2 };
  _Alignas(64) float products[PATCH * MOST_VECTORS * LANES], halves[MOST_VECTORS * 3 * PATCH * LANES];
  int count = INPUTS_PER_BLOCK * panel_vectors(shape.outputs);
  for (int j = 0; j < PATCH; j++) {
    for (int i = 0; i < PATCH; i++) {
      float *to = products + (size_t)i * count * LANES;
      accumulate_block(shape, memory, tiles, i * PATCH + j, input, output, to, kind, 1);
    }
    for (int index = 0; index < count; index++) {
      Lanes column[PATCH], half[3];
      UNROLL
      for (int i = 0; i < PATCH; i++) {
        column[i] = load_lanes(products + ((size_t)i * count + index) * LANES);
      }
      transform_weight_gradient(column, half);
      UNROLL
      for (int i = 0; i < 3; i++) {
        store_lanes(halves + ((index * 3 + i) * PATCH + j) * LANES, half[i]);
      }
    }
  }
  int vectors = panel_vectors(shape.outputs);
  for (int index = 0; index < count; index++) {
    Lanes g[9];
    UNROLL
    for (int i = 0; i < 3; i++) {
      Lanes row[PATCH];
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        row[j] = load_lanes(halves + ((index * 3 + i) * PATCH + j) * LANES);
      }
      transform_weight_gradient(row, g + 3 * i);
    }
    UNROLL
    for (int i = 0; i < 9; i++) {
      float *sum = sums + ((index / vectors * 9 + i) * vectors + index % vectors) * LANES;
      store_lanes(sum, is_first ? g[i] : load_lanes(sum) + g[i]);
    }
  }
}

// Adds the products of one group of tiles to `u`, or, of a wide convolution, writes those of the first group.
INLINE void accumulate_group(
    KernelConvolution shape, PassMemory memory, int tiles, float *u, RowsToCome sources, RowsToCome gradients,
    const Factors kind, int is_first) {
  int panel = panel_vectors(shape.outputs) * LANES;
  if (!is_wide(shape)) {
    for (int frequency = 0; frequency < FREQUENCIES; frequency++) {
      prefetch_share(&sources, 0);
      prefetch_share(&gradients, 0);
      for (int output = 0; output < shape.outputs; output += panel) {
        for (int input = 0; input < shape.inputs; input += INPUTS_PER_BLOCK) {
          float *to = u + ((size_t)frequency * shape.outputs + output) * shape.inputs + (size_t)input * panel;
          accumulate_block(shape, memory, tiles, frequency, input, output, to, kind, 0);
        }
      }
    }
    return;
  }
  for (int output = 0; output < shape.outputs; output += panel) {
    for (int input = 0; input < shape.inputs; input += INPUTS_PER_BLOCK) {
      float *sums = u + ((size_t)output * shape.inputs + (size_t)input * panel) * 9;
      accumulate_transformed(shape, memory, tiles, input, output, sums, kind, is_first);
    }
  }
}

INLINE void winograd_weight_gradient_as(
    KernelConvolution shape, const void *source, const void *output_gradient, float *u, float *scratch,
    const KernelElement element, const Factors kind) {
  TileGroups groups = tile_groups(shape);
  PassMemory memory = pass_memory(shape, groups, scratch);
  if (!is_wide(shape)) {
    memset(u, 0, sizeof(float) * winograd_gradient_count(shape));
  }
  for (int first = 0; first < groups.rows; first += groups.rows_per_group) {
    int rows = groups.rows - first < groups.rows_per_group ? groups.rows - first : groups.rows_per_group;
    for (int row = 0; row < rows; row++) {
      for (int channel = 0; channel < shape.inputs; channel += LANES) {
        TileRow tiles = tile_row(shape, groups, first + row, shape.inputs, channel);
        gather_row(shape, groups, source, tiles, memory.line, memory.v, row * groups.tiles_per_row, element, kind);
      }
      for (int channel = 0; channel < shape.outputs; channel += LANES) {
        TileRow tiles = tile_row(shape, groups, first + row, shape.outputs, channel);
        gather_gradient_row(shape, groups, output_gradient, tiles, memory.m, row * groups.tiles_per_row, element, kind);
      }
    }
    int next = first + groups.rows_per_group;
    accumulate_group(
        shape, memory, rows * groups.tiles_per_row, u, rows_to_come(shape, groups, source, shape.inputs, next, element),
        rows_to_come(shape, groups, output_gradient, shape.outputs, next, element), kind, first == 0);
  }
}

// MARK: - The functions of the table

static size_t winograd_scratch_count(KernelConvolution shape) {
  TileGroups groups = tile_groups(shape);
  return FREQUENCIES * (frequency_stride(groups, shape.inputs) + frequency_stride(groups, shape.outputs))
         + (size_t)PATCH * (groups.tiles_per_row * TILE + 2 + TILE) * LANES;
}

static size_t winograd_weight_count(KernelConvolution shape) {
  size_t count = (size_t)FREQUENCIES * shape.inputs * shape.outputs;
  return multiplies_halves(shape) ? count / 2 : count;
}

// Transforms the weights of input `index` of a block.
INLINE void transform_block(const WeightBlock *block, int index, Lanes u[FREQUENCIES]) {
  Lanes columns[3][PATCH];
  UNROLL
  for (int j = 0; j < 3; j++) {
    Lanes column[3];
    UNROLL
    for (int i = 0; i < 3; i++) {
      column[i] = load_lanes(block->weights[index * 9 + i * 3 + j]);
    }
    transform_weights(column, columns[j]);
  }
  UNROLL
  for (int i = 0; i < PATCH; i++) {
    Lanes row[3] = {columns[0][i], columns[1][i], columns[2][i]};
    transform_weights(row, u + i * PATCH);
  }
}

// Packs the weights of one panel of outputs and `count` inputs to `[frequency][input][panel's outputs]`, or, as
// bfloat16, `[frequency][input / 2][panel's outputs][input % 2]`.
INLINE void transform_panel(
    KernelConvolution shape, const float *weights, int output, int input, int count, void *packed, const Factors kind) {
  int panel = panel_vectors(shape.outputs) * LANES;
  WeightBlock block;
  for (int first = 0; first < panel; first += LANES) {
    read_weights(shape, weights, output + first, input, count, &block);
    for (int index = 0; index < count; index += kind == FLOATS ? 1 : 2) {
      Lanes u[FREQUENCIES], beside[FREQUENCIES];
      transform_block(&block, index, u);
      if (kind != FLOATS) {
        transform_block(&block, index + 1, beside);
      }
      for (int i = 0; i < FREQUENCIES; i++) {
        size_t at = ((size_t)i * count + index) * panel;
        if (kind == FLOATS) {
          store_lanes((float *)packed + at + first, u[i]);
        } else {
          store_pairs((uint16_t *)packed + at + 2 * first, interleave(u[i], beside[i]));
        }
      }
    }
  }
}

// Copies whole vectors of packed weights; past the caches, stores are seen by other threads after a fence.
INLINE void copy_piece(void *destination, const void *source, size_t byte_count, int is_past_caches) {
  if (!is_past_caches) {
    memcpy(destination, source, byte_count);
    return;
  }
  Lanes *to = destination;
  const Lanes *from = source;
  for (size_t i = 0; i < byte_count / sizeof(Lanes); i++) {
    __builtin_nontemporal_store(from[i], to + i);
  }
}

// The gradient of the input is a convolution with inputs and outputs exchanged and the kernel rotated by 180°.
//
// The weights of one frequency lie so far apart that writing them one by one would miss the caches; those of a panel
// and INPUTS_PER_COPY inputs are collected and then copied in pieces of a kilobyte, those of a wide convolution past
// the caches, which they exceed.
static void winograd_pack_weights(KernelConvolution shape, const float *weights, float *u) {
  int panel = panel_vectors(shape.outputs) * LANES;
  size_t size = multiplies_halves(shape) ? sizeof(uint16_t) : sizeof(float);
  int is_past_caches = winograd_weight_count(shape) * sizeof(float) > 4 << 20 && (uintptr_t)u % sizeof(Lanes) == 0;
  _Alignas(64) float packed[FREQUENCIES * INPUTS_PER_COPY * 2 * LANES];
  for (int output = 0; output < shape.outputs; output += panel) {
    for (int input = 0; input < shape.inputs; input += INPUTS_PER_COPY) {
      int count = minimum(shape.inputs - input, INPUTS_PER_COPY);
      if (multiplies_halves(shape)) {
        transform_panel(shape, weights, output, input, count, packed, HALVES);
      } else {
        transform_panel(shape, weights, output, input, count, packed, FLOATS);
      }
      size_t piece = (size_t)count * panel * size;
      for (int i = 0; i < FREQUENCIES; i++) {
        size_t at = ((size_t)i * shape.outputs + output) * shape.inputs + (size_t)input * panel;
        copy_piece((char *)u + at * size, (char *)packed + i * piece, piece, is_past_caches);
      }
    }
  }
  if (is_past_caches) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
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
  } else if (shape.inputs < 128 || shape.outputs < 128) {
    winograd_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16, HALF_PAIRS);
  } else {
    winograd_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16, HALF_COLUMNS);
  }
  int panel = panel_vectors(shape.outputs) * LANES;
  WeightBlock block;
  for (int output = 0; output < shape.outputs; output += LANES) {
    int first = output / panel * panel;
    for (int input = 0; input < shape.inputs; input += INPUTS_PER_COPY) {
      int count = minimum(shape.inputs - input, INPUTS_PER_COPY);
      for (int index = 0; index < count; index++) {
        size_t row = (size_t)(input + index) * panel;
        Lanes g[9];
        if (is_wide(shape)) {
          const float *sums = u + ((size_t)first * shape.inputs + row) * 9 + output % panel;
          for (int i = 0; i < 9; i++) {
            g[i] = load_lanes(sums + (size_t)i * panel);
          }
        } else {
          transform_to_gradient(
              u + (size_t)first * shape.inputs + row + output % panel, (size_t)shape.inputs * shape.outputs, g);
        }
        for (int i = 0; i < 9; i++) {
          store_lanes(block.weights[index * 9 + i], g[i]);
        }
      }
      write_weights(shape, &block, output, input, count, gradient);
    }
  }
}
