// Groups of tiles, and the memory layout of the transformed arrays ("factors") whose products give the convolution.
//
//     u[frequency][input][output]    transformed weights, in panels of outputs
//     v[frequency][tile][input]      transformed inputs of one group
//     m[frequency][tile][output]     products v · u of one group
//     d[frequency][tile][output]     transformed output gradients of one group (in the memory of m)
//
// frequency: 0..<36, the positions in a transformed 6×6 patch; tile: 0..<tiles_per_group. The symbols u, v, m are those
// of Lavin and Gray.

// A shard is computed in groups of whole rows of tiles, so that the factors of one group stay in the caches.
typedef struct {
  int tiles_per_row;
  int rows_per_image;
  int rows;            // the number of rows of tiles of the whole shard
  int rows_per_group;
  int tiles_per_group; // a multiple of TILES_PER_BLOCK; the last tiles may be padding
} TileGroups;

INLINE TileGroups tile_groups(KernelConvolution shape) {
  TileGroups groups;
  groups.tiles_per_row = (shape.width + TILE - 1) / TILE;
  groups.rows_per_image = (shape.height + TILE - 1) / TILE;
  groups.rows = shape.images * groups.rows_per_image;
  // A group reads all transformed weights once, 36 · inputs · outputs numbers. Wide layers therefore use larger groups;
  // narrow layers keep v and m in the level 2 cache. In float32 these take 36 · 16 · 128 · 4 B = 290 KB for 16 tiles
  // with 64 input and 64 output channels.
  int channels = shape.inputs > shape.outputs ? shape.inputs : shape.outputs;
  int wanted = channels <= 64 ? 16 : channels <= 128 ? 32 : 64;
  int rows = wanted / groups.tiles_per_row;
  groups.rows_per_group = rows < 1 ? 1 : rows < groups.rows ? rows : groups.rows;
  int tiles = groups.rows_per_group * groups.tiles_per_row;
  groups.tiles_per_group = (tiles + TILES_PER_BLOCK - 1) / TILES_PER_BLOCK * TILES_PER_BLOCK;
  return groups;
}

// The element type and memory order of factors.
typedef enum {
  // float32 `[frequency][tile][channel]`.
  FLOATS,
  // bfloat16 `[frequency][tile][channel]`: products are summed over pairs of neighboring inputs (convolution).
  HALVES,
  // bfloat16 `[frequency][tile / 2][channel][tile % 2]`: summed over pairs of neighboring tiles (weight gradient).
  HALF_PAIRS,
  // The same for 128 channels and more, `[frequency][column][tile / 2][column's channel][tile % 2]`: the channels that
  // are used together, a column, lie together for all tiles of a frequency, and not a page apart.
  HALF_COLUMNS,
} Factors;

// Returns 1 for factors whose products are summed over pairs of neighboring tiles.
INLINE int is_paired(const Factors kind) { return kind == HALF_PAIRS || kind == HALF_COLUMNS; }

// Strides in elements. With strides that are powers of two, tiles or frequencies would share few cache sets; therefore
// tiles of wide layers are padded by 16 elements (a cache line of float32), and frequencies by 32.
INLINE size_t tile_stride(int channels) { return channels >= 128 ? channels + 16 : channels; }

INLINE size_t frequency_stride(TileGroups groups, int channels) {
  return (size_t)groups.tiles_per_group * tile_stride(channels) + 32;
}

// The factors of one group of tiles.
typedef struct {
  void *elements;
  size_t stride; // the distance of frequencies in elements
  int column;    // the number of channels of a column in HALF_COLUMNS
  int tiles;     // the number of tiles of the group, with padding
} FactorMemory;

// The number of vectors of output channels in a panel. Transformed weights are stored as
// `[frequency][panel][input][panel's outputs]`, in bfloat16 as
// `[frequency][panel][input / 2][panel's outputs][input % 2]`. Two vectors of outputs × TILES_PER_BLOCK tiles are 16
// sums, which leave room for weights and values in 32 registers (AVX-512).
INLINE int panel_vectors(int channels) {
  int vectors = channels / LANES;
  return vectors % 2 == 0 ? 2 : 1;
}

// The index of a vector of channels of one tile; of paired factors, both tiles of a pair have the same index.
INLINE size_t factor_offset(FactorMemory factors, int tile, int channels, int channel, const Factors kind) {
  if (kind == HALF_COLUMNS) {
    int column = factors.column;
    return (size_t)(channel / column) * column * factors.tiles + tile / 2 * 2 * column + channel % column * 2;
  }
  return kind == HALF_PAIRS ? (size_t)(tile / 2) * 2 * tile_stride(channels) + 2 * channel
                            : (size_t)tile * tile_stride(channels) + channel;
}

INLINE void store_factor(void *factors, size_t index, Lanes lanes, Factors kind) {
  if (kind == FLOATS) {
    store_lanes((float *)factors + index, lanes);
  } else {
    *(HalfLanesInMemory *)((uint16_t *)factors + index) = narrow(lanes);
  }
}
