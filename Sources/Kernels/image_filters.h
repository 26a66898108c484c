// Filters of an image's planes in float32, never with fused multiply-add: sharpening and blurring.

// MARK: - Sharpening

typedef float FloatBlock __attribute__((ext_vector_type(16)));

INLINE IntegerBlock levels_at(const uint8_t *levels) {
  return __builtin_convertvector(*(const ByteBlockInMemory *)levels, IntegerBlock);
}

// Blends 16 levels of one row with the mean of their neighborhood, in which the center has weight 5 and the eight
// neighbors have weight 1.
INLINE ByteBlock sharpened(const uint8_t *above, const uint8_t *center, const uint8_t *below, float factor) {
#pragma clang fp contract(off)
  IntegerBlock level = levels_at(center);
  IntegerBlock sums = 5 * level + levels_at(center - 1) + levels_at(center + 1) + levels_at(above - 1)
                      + levels_at(above) + levels_at(above + 1) + levels_at(below - 1) + levels_at(below)
                      + levels_at(below + 1);
  // Division by 13, rounded to the nearest integer.
  FloatBlock base = __builtin_convertvector(((2 * sums + 13) * 40330) >> 20, FloatBlock);
  FloatBlock value = base + factor * (__builtin_convertvector(level, FloatBlock) - base);
  value = __builtin_elementwise_min(__builtin_elementwise_max(value, (FloatBlock)(0)), (FloatBlock)(255));
  return __builtin_convertvector(__builtin_convertvector(value, IntegerBlock), ByteBlock);
}

static void image_sharpen(KernelImage image, float factor, uint8_t *restrict result) {
  size_t width = image.width, height = image.height;
  memcpy(result, image.planes, 3 * width * height);
  for (size_t line = 0; width > 2 && line < 3 * height; line++) {
    if (line % height == 0 || line % height == height - 1) {
      continue;
    }
    const uint8_t *center = image.planes + line * width, *above = center - width, *below = center + width;
    uint8_t *target = result + line * width;
    if (width >= 18) {
      for (size_t column = 1; column + 1 < width; column += 16) {
        // The last block begins earlier, so that it ends at the end of the row.
        size_t place = column + 17 <= width ? column : width - 17;
        *(ByteBlockInMemory *)(target + place) =
            sharpened(above + place, center + place, below + place, factor);
      }
    } else {
      uint8_t rows[3][18 + 16] = {{0}};
      memcpy(rows[0], above, width);
      memcpy(rows[1], center, width);
      memcpy(rows[2], below, width);
      ByteBlock levels = sharpened(rows[0] + 1, rows[1] + 1, rows[2] + 1, factor);
      memcpy(target + 1, &levels, width - 2);
    }
  }
}

// MARK: - Blurring

// `sums[column]` ← Σ over taps of weights[tap] · source[column + tap · stride].
INLINE void weighted_sums(
    const float *restrict source, size_t stride, size_t count, const float *weights, int taps, float *restrict sums) {
#pragma clang fp contract(off)
  for (size_t column = 0; column < count; column++) {
    sums[column] = weights[0] * source[column];
  }
  for (int tap = 1; tap < taps; tap++) {
    const float *restrict moved = source + tap * stride;
    float weight = weights[tap];
    for (size_t column = 0; column < count; column++) {
      sums[column] += weight * moved[column];
    }
  }
}

static size_t image_blur_scratch_count(int width, int height, int taps) {
  return (size_t)width * (height + taps) + 2 * (width + taps);
}

// The index of the element at `place`, which may lie outside 0…count − 1 and is then mirrored without repeating the
// edge element.
INLINE int reflected(int place, int count) {
  if (count == 1) {
    return 0;
  }
  int period = 2 * (count - 1), rest = place % period;
  rest = rest < 0 ? rest + period : rest;
  return rest < count ? rest : period - rest;
}

// Both passes are in float32; levels are rounded once, at the end.
static void image_blur(
    KernelImage image, const float *weights, int taps, float outside, float *scratch, uint8_t *restrict result) {
  int width = image.width, height = image.height, radius = taps / 2;
  float *rows = scratch, *line = scratch + (size_t)width * (height + taps);
  for (int plane = 0; plane < 3; plane++) {
    const uint8_t *source = image.planes + (size_t)plane * width * height;
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        line[radius + column] = source[(size_t)row * width + column];
      }
      for (int place = 1; place <= radius; place++) {
        line[radius - place] = outside < 0 ? line[radius + reflected(-place, width)] : outside;
        line[radius + width - 1 + place] = outside < 0 ? line[radius + reflected(width - 1 + place, width)] : outside;
      }
      weighted_sums(line, 1, width, weights, taps, rows + (size_t)(radius + row) * width);
    }
    for (int place = 1; place <= radius; place++) {
      float *above = rows + (size_t)(radius - place) * width;
      float *below = rows + (size_t)(radius + height - 1 + place) * width;
      for (int column = 0; column < width; column++) {
        above[column] = outside < 0 ? rows[(size_t)(radius + reflected(-place, height)) * width + column] : outside;
        below[column] =
            outside < 0 ? rows[(size_t)(radius + reflected(height - 1 + place, height)) * width + column] : outside;
      }
    }
    for (int row = 0; row < height; row++) {
      weighted_sums(rows + (size_t)row * width, width, width, weights, taps, line);
      uint8_t *restrict target = result + (size_t)plane * width * height + (size_t)row * width;
      for (int column = 0; column < width; column++) {
        float level = line[column] + 0.5f;
        level = level > 0 ? level : 0;
        target[column] = (uint8_t)(int32_t)(level < 255 ? level : 255);
      }
    }
  }
}
