// Feature maps ↔ frequencies: the transforms of rows of tiles, and of the gradients of outputs.

// Transforms one row of tiles of LANES channels from `image[height][width][block]` into the factors `v`, from `first_tile` on.
INLINE void gather_row(
    KernelConvolution shape, TileGroups groups, const void *source, size_t image, int tile_row, int channels,
    int channel, size_t stride, float *line, void *v, int first_tile, KernelElement element, const Factors factors) {
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
  for (int tile = 0; tile < groups.tiles_per_row; tile += factors == HALF_PAIRS ? 2 : 1) {
    size_t target = factor_offset(factors, first_tile + tile, channels, channel);
    for (int i = 0; i < PATCH; i++) {
      Lanes d[PATCH], f[PATCH];
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        d[j] = load_lanes(line + (i * padded_width + tile * TILE + j) * LANES);
      }
      transform_input(d, f);
      if (factors != HALF_PAIRS) {
        UNROLL
        for (int j = 0; j < PATCH; j++) {
          store_factor(v, target + (i * PATCH + j) * stride, f[j], factors);
        }
        continue;
      }
#ifdef PATH_HAS_BFLOAT16
      Lanes next[PATCH] = {0};
      if (tile + 1 < groups.tiles_per_row) {
        UNROLL
        for (int j = 0; j < PATCH; j++) {
          d[j] = load_lanes(line + (i * padded_width + (tile + 1) * TILE + j) * LANES);
        }
        transform_input(d, next);
      }
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        _mm512_storeu_si512((uint16_t *)v + target + (i * PATCH + j) * stride, interleave(f[j], next[j]));
      }
#endif
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

// Transforms the gradient of one tile's outputs.
INLINE void gather_gradient_tile(
    KernelConvolution shape, const void *source, size_t base, int top, int left, Lanes f[FREQUENCIES],
    KernelElement element) {
  int is_whole = top + TILE <= shape.height && left + TILE <= shape.width;
  Lanes columns[TILE][PATCH];
  UNROLL
  for (int j = 0; j < TILE; j++) {
    Lanes y[TILE];
    UNROLL
    for (int i = 0; i < TILE; i++) {
      y[i] = is_whole || (top + i < shape.height && left + j < shape.width)
                 ? load(source, base + ((size_t)(top + i) * shape.width + left + j) * shape.block, element)
                 : broadcast(0);
    }
    transform_output_gradient(y, columns[j]);
  }
  UNROLL
  for (int i = 0; i < PATCH; i++) {
    Lanes y[TILE];
    UNROLL
    for (int j = 0; j < TILE; j++) {
      y[j] = columns[j][i];
    }
    transform_output_gradient(y, f + i * PATCH);
  }
}

// The adjoint of `scatter_row`: factors `d` from the gradient of the outputs. A row of an odd number of tiles gets one of zeros.
INLINE void gather_gradient_row(
    KernelConvolution shape, TileGroups groups, const void *source, size_t image, int tile_row, int channels,
    int channel, size_t stride, void *d, int first_tile, KernelElement element, const Factors factors) {
  size_t step = shape.block;
  size_t base = ((image * (channels / step) + channel / step) * shape.height * shape.width) * step + channel % step;
  int top = tile_row * TILE;
  for (int tile = 0; tile < groups.tiles_per_row; tile += factors == HALF_PAIRS ? 2 : 1) {
    Lanes f[FREQUENCIES];
    gather_gradient_tile(shape, source, base, top, tile * TILE, f, element);
    size_t target = factor_offset(factors, first_tile + tile, channels, channel);
    if (factors != HALF_PAIRS) {
      UNROLL
      for (int i = 0; i < FREQUENCIES; i++) {
        store_factor(d, target + i * stride, f[i], factors);
      }
      continue;
    }
#ifdef PATH_HAS_BFLOAT16
    Lanes next[FREQUENCIES] = {0};
    if (tile + 1 < groups.tiles_per_row) {
      gather_gradient_tile(shape, source, base, top, (tile + 1) * TILE, next, element);
    }
    UNROLL
    for (int i = 0; i < FREQUENCIES; i++) {
      _mm512_storeu_si512((uint16_t *)d + target + i * stride, interleave(f[i], next[i]));
    }
#endif
  }
}
