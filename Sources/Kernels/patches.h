// Convolutions as products of gathered patches (im2col) with weights, in float32: any kernel and stride, and the
// gradient of the input. The gradient of the weights, products of patches with output gradients, is computed in float32
// or, where the CPU multiplies them faster, in bfloat16.
//
// A destination pixel is a sum over taps, the positions of the kernel, of products of a source pixel's channels with
// the tap's weights. For the gradient of the input with stride s, the destination pixels fall into s · s lattices with
// different taps; otherwise there is one lattice.
//
//     destination(step · i + top, step · j + left)
//         = Σ over taps of source(pace · i + row, pace · j + column) · weights(tap)
//
//     v[pixel][tap][source channel]                                 the patches of one group of pixels, float32
//     u[lattice][panel][tap][source channel][panel's destinations]  weights, in the panels of winograd_factors.h

enum { PIXELS_PER_GROUP = 256, MOST_PIXELS = 2 * PIXELS_PER_GROUP, PIXELS_AHEAD = 64 };

// One lattice of destination pixels, and its taps.
typedef struct {
  int rows, columns;
  int top, left, step;
  int pace;
  int taps;
  int row[TAPS], column[TAPS]; // the place of each tap in the source
  int position[TAPS];          // its index in a kernel of row-major weights
} Lattice;

// The size of the maps of one image that are read or written.
typedef struct {
  int channels, height, width;
} Side;

INLINE int strided(int length, int stride) { return (length + stride - 1) / stride; }

INLINE Side source_side(KernelConvolution shape) {
  Side with_stride = {shape.inputs, strided(shape.height, shape.stride), strided(shape.width, shape.stride)};
  return shape.is_transposed ? with_stride : (Side){shape.inputs, shape.height, shape.width};
}

INLINE Side destination_side(KernelConvolution shape) {
  Side with_stride = {shape.outputs, strided(shape.height, shape.stride), strided(shape.width, shape.stride)};
  return shape.is_transposed ? (Side){shape.outputs, shape.height, shape.width} : with_stride;
}

INLINE int lattice_count(KernelConvolution shape) { return shape.is_transposed ? shape.stride * shape.stride : 1; }

// Returns lattice `index` of a convolution.
INLINE Lattice lattice_of(KernelConvolution shape, int index) {
  Side destination = destination_side(shape);
  int padding = shape.kernel / 2;
  Lattice lattice = {0};
  lattice.step = shape.is_transposed ? shape.stride : 1;
  lattice.pace = shape.is_transposed ? 1 : shape.stride;
  lattice.top = index / lattice.step;
  lattice.left = index % lattice.step;
  lattice.rows = (destination.height - lattice.top + lattice.step - 1) / lattice.step;
  lattice.columns = (destination.width - lattice.left + lattice.step - 1) / lattice.step;
  for (int row = 0; row < shape.kernel; row++) {
    for (int column = 0; column < shape.kernel; column++) {
      int y = row - padding, x = column - padding;
      if (shape.is_transposed) {
        y = lattice.top + padding - row;
        x = lattice.left + padding - column;
        // Odd numbers may be negative, and so are their remainders.
        if (y % shape.stride != 0 || x % shape.stride != 0) {
          continue;
        }
        y /= shape.stride;
        x /= shape.stride;
      }
      lattice.row[lattice.taps] = y;
      lattice.column[lattice.taps] = x;
      lattice.position[lattice.taps++] = row * shape.kernel + column;
    }
  }
  return lattice;
}

// The number of pixels in a group: v takes at most half a megabyte where 32 pixels allow it. A lattice without taps has
// patches of length 0.
INLINE int group_pixels(int patch) {
  int pixels = 131072 / (patch > 0 ? patch : 1) / TILES_PER_BLOCK * TILES_PER_BLOCK;
  return pixels < 32 ? 32 : pixels > PIXELS_PER_GROUP ? PIXELS_PER_GROUP : pixels;
}

// Neighboring pixels of a lattice and, for each, the index of its first channel in the maps that are read or written;
// -1 beyond their edges.
typedef struct {
  int count;
  ptrdiff_t places[MOST_PIXELS];
} Pixels;

// Finds the places of `count` pixels of a lattice at one tap, beginning with pixel `first` over all images.
INLINE void find_places(Side side, int block, const Lattice *lattice, int tap, int first, int count, Pixels *pixels) {
  int per_image = lattice->rows * lattice->columns;
  ptrdiff_t image_size = (ptrdiff_t)side.channels * side.height * side.width;
  ptrdiff_t image = first / per_image * image_size;
  int row = first % per_image / lattice->columns, column = first % lattice->columns;
  pixels->count = count;
  for (int pixel = 0; pixel < count; pixel++) {
    int y = lattice->pace * row + lattice->row[tap], x = lattice->pace * column + lattice->column[tap];
    int is_inside = y >= 0 && y < side.height && x >= 0 && x < side.width;
    pixels->places[pixel] = is_inside ? image + ((ptrdiff_t)y * side.width + x) * block : -1;
    if (++column == lattice->columns) {
      column = 0;
      if (++row == lattice->rows) {
        row = 0;
        image += image_size;
      }
    }
  }
}

// Copies LANES channels of pixels to a column that is `width` channels wide. In HALF_PAIRS, an odd number of pixels is
// followed by zeros.
INLINE void gather_column(
    const void *maps, size_t offset, const Pixels *pixels, void *column, int width, const KernelElement element,
    const Factors kind) {
  ptrdiff_t size = element == KERNEL_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
  for (int pixel = 0; pixel < pixels->count; pixel += kind == HALF_PAIRS ? 2 : 1) {
    ptrdiff_t place = pixels->places[pixel];
    // The maps come from main memory.
    ptrdiff_t ahead = pixels->places[minimum(pixel + PIXELS_AHEAD, pixels->count - 1)];
    __builtin_prefetch((const char *)maps + (ahead + (ptrdiff_t)offset) * size, 0, 3);
    if (kind == HALF_PAIRS) {
      ptrdiff_t beside = pixel + 1 < pixels->count ? pixels->places[pixel + 1] : -1;
      HalfLanes even = place < 0 ? (HalfLanes)0 : load_halves(maps, place + offset);
      HalfLanes odd = beside < 0 ? (HalfLanes)0 : load_halves(maps, beside + offset);
      store_pairs((uint16_t *)column + (size_t)pixel * width, pair_up(even, odd));
    } else {
      store_lanes(
          (float *)column + (size_t)pixel * width, place < 0 ? broadcast(0) : load(maps, place + offset, element));
    }
  }
}

// v[pixel][tap][channel] ← the patches of pixels; zeros beyond the edges of the source.
INLINE void gather_patches(
    const void *source, Side side, int block, const Lattice *lattice, int first, int count, float *v, int stride,
    const KernelElement element) {
  size_t plane = (size_t)side.height * side.width * block;
  Pixels pixels;
  for (int tap = 0; tap < lattice->taps; tap++) {
    find_places(side, block, lattice, tap, first, count, &pixels);
    for (int channel = 0; channel < side.channels; channel += LANES) {
      size_t offset = channel / block * plane + channel % block;
      gather_column(source, offset, &pixels, v + (size_t)tap * side.channels + channel, stride, element, FLOATS);
    }
  }
}

// Writes the products of TILES_PER_BLOCK pixels with one panel to the destination, and adds them to the panel's sums.
INLINE void scatter_products(
    const float *m, const ptrdiff_t *places, int count, void *destination, int panel, size_t plane, int block,
    int channel, Lanes sums[2][2], KernelElement element) {
  for (int k = 0; k * LANES < panel; k++) {
    int first = channel + k * LANES;
    size_t offset = first / block * plane + first % block;
    for (int pixel = 0; pixel < count; pixel++) {
      Lanes y = load_lanes(m + pixel * panel + k * LANES);
      store(destination, places[pixel] + offset, y, element);
      sums[0][k] += y;
      sums[1][k] += y * y;
    }
  }
}

INLINE void patch_convolve_lattice(
    KernelConvolution shape, const Lattice *lattice, const void *source, const float *u, void *destination,
    float *scratch, double *sums, const KernelElement element) {
  Side from = source_side(shape), to = destination_side(shape);
  int patch = lattice->taps * from.channels;
  int vectors = panel_vectors(to.channels), panel = vectors * LANES;
  int total = shape.images * lattice->rows * lattice->columns;
  int pixels = group_pixels(patch);
  size_t plane = (size_t)to.height * to.width * shape.block;
  _Alignas(64) float m[TILES_PER_BLOCK * 2 * LANES];
  Lattice written = *lattice;
  written.pace = lattice->step;
  written.row[0] = lattice->top;
  written.column[0] = lattice->left;
  Pixels group;
  for (int first = 0; first < total; first += pixels) {
    int count = minimum(total - first, pixels);
    find_places(to, shape.block, &written, 0, first, count, &group);
    gather_patches(source, from, shape.block, lattice, first, count, scratch, tile_stride(patch), element);
    for (int channel = 0; channel < to.channels; channel += panel) {
      Lanes panel_sums[2][2] = {{broadcast(0), broadcast(0)}, {broadcast(0), broadcast(0)}};
      for (int pixel = 0; pixel < count; pixel += TILES_PER_BLOCK) {
        const float *v = scratch + pixel * tile_stride(patch), *weights = u + (size_t)channel * patch;
        multiply(v, patch, weights, m, panel, vectors, FLOATS);
        int here = minimum(count - pixel, TILES_PER_BLOCK);
        scatter_products(
            m, group.places + pixel, here, destination, panel, plane, shape.block, channel, panel_sums, element);
      }
      for (int k = 0; sums && k < vectors; k++) {
        add_to(sums + channel + k * LANES, panel_sums[0][k]);
        add_to(sums + to.channels + channel + k * LANES, panel_sums[1][k]);
      }
    }
  }
}

INLINE void patch_convolve_as(
    KernelConvolution shape, const void *source, const float *u, void *destination, float *scratch, double *sums,
    const KernelElement element) {
  for (int index = 0; index < lattice_count(shape); index++) {
    Lattice lattice = lattice_of(shape, index);
    patch_convolve_lattice(shape, &lattice, source, u, destination, scratch, sums, element);
    u += (size_t)lattice.taps * shape.inputs * shape.outputs;
  }
}

// MARK: - Gradient of the weights

// Weight gradients are sums over chunks of pixels. The output gradients of a chunk for one panel of outputs take 32 KB,
// which stay in the level 1 cache; those for OUTPUTS_PER_GATHER outputs and the source's INPUTS_PER_GATHER channels
// stay in the level 2 cache.
//
//     v[column of LANES channels][pixel][channel]      the source at one tap
//     d[panel of outputs][pixel][output]               the output gradients
//
// In HALF_PAIRS, neighboring pixels are in pairs: v[column][pixel / 2][channel][pixel % 2], and d likewise.
enum { OUTPUTS_PER_GATHER = 256, INPUTS_PER_GATHER = 64 };

INLINE int chunk_pixels(Factors kind) { return kind == HALF_PAIRS ? MOST_PIXELS : PIXELS_PER_GROUP; }

// The index of a channel of the first pixel in columns of `width` channels.
INLINE size_t column_offset(int channel, int width, Factors kind) {
  return (size_t)(channel / width) * width * chunk_pixels(kind) + channel % width * (kind == HALF_PAIRS ? 2 : 1);
}

// Copies `count` channels of a chunk's pixels, from `channel` on, to columns that are `width` channels wide.
INLINE void gather_columns(
    const void *maps, Side side, int block, int channel, int count, const Pixels *chunk, void *columns, int width,
    const KernelElement element, const Factors kind) {
  size_t plane = (size_t)side.height * side.width * block;
  for (int k = 0; k < count; k += LANES) {
    size_t offset = (channel + k) / block * plane + (channel + k) % block;
    void *column = (void *)factor_at(columns, column_offset(k, width, kind), kind);
    gather_column(maps, offset, chunk, column, width, element, kind);
  }
}

// Adds the products of a chunk for `inputs` channels of one tap and `outputs` outputs to `u`.
INLINE void accumulate_chunk(
    const void *v, int inputs, const void *d, int outputs, int pixels, float *u, size_t patch, int vectors,
    const Factors kind, int is_first) {
  int panel = vectors * LANES;
  for (int output = 0; output < outputs; output += panel) {
    const void *gradients = factor_at(d, column_offset(output, panel, kind), kind);
    for (int input = 0; input < inputs; input += INPUTS_PER_BLOCK) {
      const void *values = factor_at(v, column_offset(input, LANES, kind), kind);
      accumulate(
          values, LANES, gradients, panel, pixels, u + output * patch + (size_t)input * panel, vectors, kind, is_first);
    }
  }
}

INLINE void patch_weight_gradient_as(
    KernelConvolution shape, const void *source, const void *output_gradient, float *u, float *scratch,
    const KernelElement element, const Factors kind) {
  Lattice lattice = lattice_of(shape, 0);
  Side from = source_side(shape), to = destination_side(shape);
  // The output gradients are gathered as if by a kernel of 1.
  Lattice single = lattice;
  single.row[0] = single.column[0] = 0;
  single.pace = 1;
  size_t patch = (size_t)lattice.taps * from.channels;
  int vectors = panel_vectors(to.channels), panel = vectors * LANES, block = shape.block;
  int total = shape.images * lattice.rows * lattice.columns, pixels = chunk_pixels(kind);
  void *v = scratch, *d = scratch + INPUTS_PER_GATHER * PIXELS_PER_GROUP;
  Pixels chunk;
  for (int output = 0; output < to.channels; output += OUTPUTS_PER_GATHER) {
    int outputs = minimum(to.channels - output, OUTPUTS_PER_GATHER);
    for (int first = 0; first < total; first += pixels) {
      int count = minimum(total - first, pixels);
      find_places(to, block, &single, 0, first, count, &chunk);
      gather_columns(output_gradient, to, block, output, outputs, &chunk, d, panel, element, kind);
      for (int tap = 0; tap < lattice.taps; tap++) {
        find_places(from, block, &lattice, tap, first, count, &chunk);
        for (int input = 0; input < from.channels; input += INPUTS_PER_GATHER) {
          int inputs = minimum(from.channels - input, INPUTS_PER_GATHER);
          gather_columns(source, from, block, input, inputs, &chunk, v, LANES, element, kind);
          float *sums = u + output * patch + ((size_t)tap * from.channels + input) * panel;
          accumulate_chunk(v, inputs, d, outputs, count, sums, patch, vectors, kind, first == 0);
        }
      }
    }
  }
}

// MARK: - The functions of the table

static size_t patch_scratch_count(KernelConvolution shape) {
  size_t count = 0;
  for (int index = 0; index < lattice_count(shape); index++) {
    int patch = lattice_of(shape, index).taps * shape.inputs;
    size_t own = group_pixels(patch) * tile_stride(patch);
    count = own > count ? own : count;
  }
  size_t gradient = (INPUTS_PER_GATHER + OUTPUTS_PER_GATHER) * PIXELS_PER_GROUP;
  return gradient > count ? gradient : count;
}

static size_t patch_weight_count(KernelConvolution shape) {
  return (size_t)shape.kernel * shape.kernel * shape.inputs * shape.outputs;
}

static void patch_pack_weights(KernelConvolution shape, const float *weights, float *u) {
  int panel = panel_vectors(shape.outputs) * LANES, taps = shape.kernel * shape.kernel;
  WeightBlock block;
  for (int output = 0; output < shape.outputs; output += LANES) {
    for (int input = 0; input < shape.inputs; input += INPUTS_PER_COPY) {
      int count = minimum(shape.inputs - input, INPUTS_PER_COPY);
      read_weights(shape, weights, output, input, count, &block);
      float *lattice_weights = u;
      for (int index = 0; index < lattice_count(shape); index++) {
        Lattice lattice = lattice_of(shape, index);
        float *to = lattice_weights + (size_t)(output / panel * panel) * lattice.taps * shape.inputs + output % panel;
        for (int tap = 0; tap < lattice.taps; tap++) {
          // A block of a transposed convolution has the rotated kernel.
          int position = shape.is_transposed ? taps - 1 - lattice.position[tap] : lattice.position[tap];
          for (int i = 0; i < count; i++) {
            store_lanes(
                to + ((size_t)tap * shape.inputs + input + i) * panel, load_lanes(block.weights[i * taps + position]));
          }
        }
        lattice_weights += (size_t)lattice.taps * shape.inputs * shape.outputs;
      }
    }
  }
}

static void patch_convolve(
    KernelConvolution shape, KernelElement element, const void *source, const float *u, void *destination,
    float *scratch, double *sums) {
  if (element == KERNEL_FLOAT32) {
    patch_convolve_as(shape, source, u, destination, scratch, sums, KERNEL_FLOAT32);
  } else {
    patch_convolve_as(shape, source, u, destination, scratch, sums, KERNEL_BFLOAT16);
  }
}

static void patch_weight_gradient(
    KernelConvolution shape, KernelElement element, const void *source, const void *output_gradient, float *u,
    float *scratch, float *gradient) {
  if (element == KERNEL_FLOAT32) {
    patch_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_FLOAT32, FLOATS);
  } else if (!multiplies_halves(shape)) {
    patch_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16, FLOATS);
  } else {
    patch_weight_gradient_as(shape, source, output_gradient, u, scratch, KERNEL_BFLOAT16, HALF_PAIRS);
  }
  int panel = panel_vectors(shape.outputs) * LANES, taps = shape.kernel * shape.kernel;
  WeightBlock block;
  for (int output = 0; output < shape.outputs; output += LANES) {
    const float *from = u + (size_t)(output / panel * panel) * taps * shape.inputs + output % panel;
    for (int input = 0; input < shape.inputs; input += INPUTS_PER_COPY) {
      int count = minimum(shape.inputs - input, INPUTS_PER_COPY);
      for (int tap = 0; tap < taps; tap++) {
        for (int i = 0; i < count; i++) {
          store_lanes(
              block.weights[i * taps + tap], load_lanes(from + ((size_t)tap * shape.inputs + input + i) * panel));
        }
      }
      write_weights(shape, &block, output, input, count, gradient);
    }
  }
}
