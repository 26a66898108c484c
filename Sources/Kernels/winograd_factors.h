// How a shard is cut into tiles and groups of tiles, and how the factors of their products lie in memory.

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
  int tiles = groups.rows_per_group * ((groups.tiles_per_row + 1) & ~1);
  groups.tiles_per_group = (tiles + TILES_PER_BLOCK - 1) / TILES_PER_BLOCK * TILES_PER_BLOCK;
  return groups;
}

// How factors lie in memory.
typedef enum {
  FLOATS,     // `[frequency][tile][channel]`
  HALVES,     // the same in bfloat16: two neighboring inputs are multiplied at once
  HALF_PAIRS, // `[frequency][tile / 2][channel][tile % 2]` in bfloat16: two neighboring tiles are multiplied at once
} Factors;

// Tiles of wide layers and all frequencies lie a line more than their elements apart: at powers of two they would share few sets of the
// cache. Both count elements.
INLINE size_t tile_stride(int channels) { return channels >= 128 ? channels + 16 : channels; }

INLINE size_t frequency_stride(TileGroups groups, int channels) {
  return (size_t)groups.tiles_per_group * tile_stride(channels) + 32;
}

// How many vectors of output channels lie side by side in transformed weights: `[frequency][panel][input][panel's outputs]`, in bfloat16
// `[frequency][panel][input / 2][panel's outputs][input % 2]`.
INLINE int panel_vectors(int channels) {
  int vectors = channels / LANES;
  return vectors % 2 == 0 ? 2 : 1;
}

// Where the vector of `channels` begins for a tile; a pair of tiles shares a place.
INLINE size_t factor_offset(Factors factors, int tile, int channels, int channel) {
  return factors == HALF_PAIRS ? (size_t)(tile / 2) * 2 * tile_stride(channels) + 2 * channel
                               : (size_t)tile * tile_stride(channels) + channel;
}

INLINE void store_factor(void *factors, size_t index, Lanes lanes, Factors kind) {
  if (kind == FLOATS) {
    store_lanes((float *)factors + index, lanes);
  } else {
    *(HalfLanesInMemory *)((uint16_t *)factors + index) = narrow(lanes);
  }
}

#ifdef PATH_HAS_BFLOAT16
// Interleaves the bfloat16 values of two vectors: even[0] odd[0] even[1] odd[1] …
INLINE __m512i interleave(Lanes even, Lanes odd) {
  const __m512i order = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1,
      16, 0);
  return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even));
}

// sums + Σ over two neighbors of value · weights.
INLINE Lanes add_products(Lanes sums, const uint16_t *value, __m512bh weights) {
  int32_t both;
  memcpy(&both, value, sizeof both);
  return (Lanes)_mm512_dpbf16_ps((__m512)sums, (__m512bh)_mm512_set1_epi32(both), weights);
}

INLINE __m512bh load_pairs(const uint16_t *source) { return (__m512bh)_mm512_loadu_si512(source); }
#endif
