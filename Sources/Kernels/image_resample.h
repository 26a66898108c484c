// Resizing by separable filters in fixed point, rows first, rounded to 8 bits between the two passes, like Pillow's
// 8-bit implementation.

typedef uint8_t ByteBlock __attribute__((ext_vector_type(16)));
typedef uint8_t ByteBlockInMemory __attribute__((ext_vector_type(16), aligned(1)));
typedef uint32_t WordBlock __attribute__((ext_vector_type(16)));
typedef int32_t IntegerBlock __attribute__((ext_vector_type(16)));
typedef uint32_t PixelWords __attribute__((ext_vector_type(4)));
typedef int32_t PixelFactors __attribute__((ext_vector_type(4)));
typedef int32_t PixelFactorsInMemory __attribute__((ext_vector_type(4), aligned(4)));

// Weights are multiples of 2⁻²²; half a level is added to round.
enum { WEIGHT_BITS = 22, GROUP = 4 };

INLINE ByteBlock levels_of(IntegerBlock sums) {
  IntegerBlock levels = sums >> WEIGHT_BITS;
  levels = __builtin_elementwise_max(levels, (IntegerBlock)(0));
  levels = __builtin_elementwise_min(levels, (IntegerBlock)(255));
  return __builtin_convertvector(levels, ByteBlock);
}

INLINE uint32_t pixel_word(const uint8_t *pixel) {
  uint32_t word;
  memcpy(&word, pixel, 4);
  return word;
}

// Resizes one row of `[width, 3]` pixels to `[columns, 4]`; the fourth byte of a pixel is meaningless.
INLINE void resample_row(const uint8_t *row, KernelFilter filter, uint8_t *result) {
  for (int first = 0; first < filter.count; first += GROUP) {
    int end = filter.count - first < GROUP ? filter.count - first : GROUP;
    const uint8_t *sources[GROUP];
    for (int place = 0; place < GROUP; place++) {
      sources[place] = row + 3 * (size_t)filter.starts[first + (place < end ? place : 0)];
    }
    const int32_t *weights = filter.weights + (size_t)first * filter.taps;
    IntegerBlock sums = (IntegerBlock)(1 << (WEIGHT_BITS - 1));
    for (int tap = 0; tap < filter.taps; tap++) {
      PixelWords words = {
          pixel_word(sources[0] + 3 * tap), pixel_word(sources[1] + 3 * tap), pixel_word(sources[2] + 3 * tap),
          pixel_word(sources[3] + 3 * tap)};
      PixelFactors factors = *(const PixelFactorsInMemory *)(weights + (size_t)tap * GROUP);
      IntegerBlock spread =
          __builtin_shufflevector(factors, factors, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
      sums += __builtin_convertvector((ByteBlock)words, IntegerBlock) * spread;
    }
    *(ByteBlockInMemory *)(result + 4 * (size_t)first) = levels_of(sums);
  }
}

// Computes 16 neighboring pixels of a row of the result from rows of `[columns, 4]`.
INLINE void resample_column_block(
    const uint8_t *rows, size_t row_stride, const int32_t *weights, int taps, ByteBlock blocks[GROUP]) {
  IntegerBlock sums[GROUP];
  UNROLL
  for (int part = 0; part < GROUP; part++) {
    sums[part] = (IntegerBlock)(1 << (WEIGHT_BITS - 1));
  }
  for (int tap = 0; tap < taps; tap++) {
    UNROLL
    for (int part = 0; part < GROUP; part++) {
      ByteBlock bytes = *(const ByteBlockInMemory *)(rows + tap * row_stride + 16 * part);
      sums[part] += __builtin_convertvector(bytes, IntegerBlock) * weights[tap * GROUP];
    }
  }
  UNROLL
  for (int part = 0; part < GROUP; part++) {
    blocks[part] = levels_of(sums[part]);
  }
}

// Returns every fourth byte, beginning with `channel`: one channel of 16 pixels.
INLINE ByteBlock channel_of(const ByteBlock blocks[GROUP], int channel) {
  PixelWords parts[GROUP];
  UNROLL
  for (int part = 0; part < GROUP; part++) {
    parts[part] = (PixelWords)blocks[part];
  }
  typedef uint32_t EightWords __attribute__((ext_vector_type(8)));
  EightWords low = __builtin_shufflevector(parts[0], parts[1], 0, 1, 2, 3, 4, 5, 6, 7);
  EightWords high = __builtin_shufflevector(parts[2], parts[3], 0, 1, 2, 3, 4, 5, 6, 7);
  WordBlock words = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return __builtin_convertvector((words >> (8 * channel)) & 255, ByteBlock);
}

static size_t image_resample_scratch_count(KernelFilter columns, KernelFilter rows) {
  size_t stride = 4 * (((size_t)columns.count + 15) / 16 * 16);
  return stride * (rows.end - rows.begin) + 3 * (size_t)columns.end + 16;
}

static void image_resample(
    const uint8_t *pixels, size_t row_stride, KernelFilter columns, KernelFilter rows, uint8_t *scratch,
    uint8_t *restrict planes) {
  size_t stride = 4 * (((size_t)columns.count + 15) / 16 * 16);
  uint8_t *last = scratch + stride * (rows.end - rows.begin);
  for (int row = rows.begin; row < rows.end; row++) {
    const uint8_t *source = pixels + row * row_stride;
    if (row + 1 == rows.end) {
      // Pixels are read as four bytes; after the last pixel of the image there may be no readable byte.
      memcpy(last, source, 3 * (size_t)columns.end);
      source = last;
    }
    resample_row(source, columns, scratch + stride * (row - rows.begin));
  }
  size_t count = (size_t)columns.count * rows.count;
  for (int row = 0; row < rows.count; row++) {
    const uint8_t *sources = scratch + stride * (rows.starts[row] - rows.begin);
    const int32_t *weights = rows.weights + (size_t)(row / GROUP) * GROUP * rows.taps + row % GROUP;
    for (int first = 0; first < columns.count; first += 16) {
      ByteBlock blocks[GROUP];
      resample_column_block(sources + 4 * (size_t)first, stride, weights, rows.taps, blocks);
      size_t place = (size_t)row * columns.count + first;
      if (columns.count - first >= 16) {
        UNROLL
        for (int channel = 0; channel < 3; channel++) {
          *(ByteBlockInMemory *)(planes + channel * count + place) = channel_of(blocks, channel);
        }
      } else {
        for (int channel = 0; channel < 3; channel++) {
          ByteBlock bytes = channel_of(blocks, channel);
          memcpy(planes + channel * count + place, &bytes, columns.count - first);
        }
      }
    }
  }
}
