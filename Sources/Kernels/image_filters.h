// Blurring of an image's planes in float32, never with fused multiply-add, rounded to levels once at the end.

// `line[column]` ← Σ weights[tap] · source[column + tap].
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

// The index of the element at `place`, which may lie outside 0…count − 1 and is then mirrored without repeating the edge element.
INLINE int reflected(int place, int count) {
  if (count == 1) {
    return 0;
  }
  int period = 2 * (count - 1), rest = place % period;
  rest = rest < 0 ? rest + period : rest;
  return rest < count ? rest : period - rest;
}

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
