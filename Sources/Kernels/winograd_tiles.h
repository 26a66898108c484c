// The transforms of rows of tiles from feature maps to factors and back. Symbols and shapes: winograd_factors.h.
//
// Feature maps are `[image][channel / block][row][column][channel % block]`. Within a tile, i is the row and j the
// column: d[6][6] inputs, f[6][6] frequencies, y[4][4] outputs.

// The location of LANES channels of one row of tiles in feature maps.
typedef struct {
  int channels; // the number of channels of the feature maps
  int channel;  // the index of the first of the LANES channels
  int top;      // the first row of the tiles' outputs
  size_t base;  // the index of the channels' first pixel
} TileRow;

// Returns the location of a row of tiles; `row` counts over all images.
INLINE TileRow tile_row(KernelConvolution shape, TileGroups groups, int row, int channels, int channel) {
  size_t step = shape.block, image = row / groups.rows_per_image;
  TileRow tiles;
  tiles.channels = channels;
  tiles.channel = channel;
  tiles.top = row % groups.rows_per_image * TILE;
  tiles.base =
      ((image * (channels / step) + channel / step) * shape.height * shape.width) * step + channel % step;
  return tiles;
}

// The index of a pixel of the row of tiles' channels.
INLINE size_t pixel_index(KernelConvolution shape, TileRow tiles, int row, int column) {
  return tiles.base + ((size_t)row * shape.width + column) * shape.block;
}

// Stores the transformed tile `f` and, of paired factors, the one next to it. There a row with an odd number of tiles
// is stored tile by tile, since the first tile of the next row completes its last pair: the odd ones are put beside the
// even ones, which came with zeros.
INLINE void store_frequencies(
    FactorMemory factors, size_t index, int frequency, Lanes f, Lanes beside, int is_odd, const Factors kind) {
  index += frequency * factors.stride;
  if (is_paired(kind)) {
    uint16_t *pairs = (uint16_t *)factors.elements + index;
    store_pairs(pairs, is_odd ? load_pairs(pairs) | interleave(broadcast(0), f) : interleave(f, beside));
  } else {
    store_factor(factors.elements, index, f, kind);
  }
}

// Transforms one row of tiles of `source` to factors `v`, beginning with tile `first_tile`: first along columns into
// `line`, then along rows.
INLINE void gather_row(
    KernelConvolution shape, TileGroups groups, const void *source, TileRow tiles, float *line, FactorMemory v,
    int first_tile, KernelElement element, const Factors kind) {
  int padded_width = groups.tiles_per_row * TILE + 2;
  int first = tiles.top - 1;
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
        d[i] = load(source, pixel_index(shape, tiles, first + i, column), element);
      }
    } else {
      UNROLL
      for (int i = 0; i < PATCH; i++) {
        int row = first + i;
        d[i] = row >= 0 && row < shape.height ? load(source, pixel_index(shape, tiles, row, column), element)
                                              : broadcast(0);
      }
    }
    transform_input(d, f);
    UNROLL
    for (int i = 0; i < PATCH; i++) {
      store_lanes(line + (i * padded_width + x) * LANES, f[i]);
    }
  }
  int tiles_at_once = is_paired(kind) && groups.tiles_per_row % 2 == 0 ? 2 : 1;
  for (int tile = 0; tile < groups.tiles_per_row; tile += tiles_at_once) {
    size_t index = factor_offset(v, first_tile + tile, tiles.channels, tiles.channel, kind);
    for (int i = 0; i < PATCH; i++) {
      Lanes d[PATCH], f[PATCH], beside[PATCH] = {0};
      const float *row = line + (i * padded_width + tile * TILE) * LANES;
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        d[j] = load_lanes(row + j * LANES);
      }
      transform_input(d, f);
      if (tiles_at_once == 2) {
        UNROLL
        for (int j = 0; j < PATCH; j++) {
          d[j] = load_lanes(row + (TILE + j) * LANES);
        }
        transform_input(d, beside);
      }
      UNROLL
      for (int j = 0; j < PATCH; j++) {
        store_frequencies(v, index, i * PATCH + j, f[j], beside[j], (first_tile + tile) % 2, kind);
      }
    }
  }
}

// Transforms the products `m` of one row of tiles to outputs, and adds their sums and sums of squares to
// `sums[2][channels]` unless it is null.
INLINE void scatter_row(
    KernelConvolution shape, TileGroups groups, const float *m, size_t stride, void *destination, TileRow tiles,
    double *sums, KernelElement element) {
  Lanes sum = broadcast(0), sum_of_squares = broadcast(0);
  for (int tile = 0; tile < groups.tiles_per_row; tile++) {
    const float *frequencies = m + (size_t)tile * tile_stride(tiles.channels) + tiles.channel;
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
    int is_whole = tiles.top + TILE <= shape.height && left + TILE <= shape.width;
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
        if (is_whole || (tiles.top + i < shape.height && left + j < shape.width)) {
          store(destination, pixel_index(shape, tiles, tiles.top + i, left + j), y[i], element);
          sum += y[i];
          sum_of_squares += y[i] * y[i];
        }
      }
    }
  }
  if (sums) {
    add_to(sums + tiles.channel, sum);
    add_to(sums + tiles.channels + tiles.channel, sum_of_squares);
  }
}

// Transforms the output gradient of the tile whose first column is `left`.
INLINE void gather_gradient_tile(
    KernelConvolution shape, const void *source, TileRow tiles, int left, Lanes f[FREQUENCIES],
    KernelElement element) {
  int is_whole = tiles.top + TILE <= shape.height && left + TILE <= shape.width;
  Lanes columns[TILE][PATCH];
  UNROLL
  for (int j = 0; j < TILE; j++) {
    Lanes y[TILE];
    UNROLL
    for (int i = 0; i < TILE; i++) {
      y[i] = is_whole || (tiles.top + i < shape.height && left + j < shape.width)
                 ? load(source, pixel_index(shape, tiles, tiles.top + i, left + j), element)
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

// Transforms one row of tiles of output gradients to factors `d`, beginning with tile `first_tile`: the adjoint of
// `scatter_row`.
INLINE void gather_gradient_row(
    KernelConvolution shape, TileGroups groups, const void *source, TileRow tiles, FactorMemory d, int first_tile,
    KernelElement element, const Factors kind) {
  int tiles_at_once = is_paired(kind) && groups.tiles_per_row % 2 == 0 ? 2 : 1;
  for (int tile = 0; tile < groups.tiles_per_row; tile += tiles_at_once) {
    Lanes f[FREQUENCIES], beside[FREQUENCIES] = {0};
    gather_gradient_tile(shape, source, tiles, tile * TILE, f, element);
    if (tiles_at_once == 2) {
      gather_gradient_tile(shape, source, tiles, (tile + 1) * TILE, beside, element);
    }
    size_t index = factor_offset(d, first_tile + tile, tiles.channels, tiles.channel, kind);
    UNROLL
    for (int i = 0; i < FREQUENCIES; i++) {
      store_frequencies(d, index, i, f[i], beside[i], (first_tile + tile) % 2, kind);
    }
  }
}
