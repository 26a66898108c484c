// Color operations on an image's planes with Pillow's arithmetic and rounding. Results are the same on every path,
// because multiplications and additions are never fused.

// base + factor · (level − base), clipped to 0…255 and rounded down.
INLINE uint8_t blended(float level, float base, float factor) {
#pragma clang fp contract(off)
  float value = base + factor * (level - base);
  value = value > 0 ? value : 0;
  value = value < 255 ? value : 255;
  return (uint8_t)(int32_t)value;
}

// The luminance (ITU-R BT.601) with weights in multiples of 2⁻¹⁶, rounded to a level.
INLINE uint32_t luminance_of(uint32_t red, uint32_t green, uint32_t blue) {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

static void image_blend_constant(uint8_t *levels, size_t count, uint8_t base, float factor) {
  for (size_t index = 0; index < count; index++) {
    levels[index] = blended(levels[index], base, factor);
  }
}

static void image_blend_luminance(uint8_t *planes, size_t count, float factor) {
  uint8_t *restrict red = planes, *restrict green = planes + count, *restrict blue = planes + 2 * count;
  for (size_t pixel = 0; pixel < count; pixel++) {
    int32_t gray = luminance_of(red[pixel], green[pixel], blue[pixel]);
    red[pixel] = blended(red[pixel], gray, factor);
    green[pixel] = blended(green[pixel], gray, factor);
    blue[pixel] = blended(blue[pixel], gray, factor);
  }
}

static void image_grayscale(uint8_t *planes, size_t count) {
  uint8_t *restrict red = planes, *restrict green = planes + count, *restrict blue = planes + 2 * count;
  for (size_t pixel = 0; pixel < count; pixel++) {
    uint8_t gray = luminance_of(red[pixel], green[pixel], blue[pixel]);
    red[pixel] = gray;
    green[pixel] = gray;
    blue[pixel] = gray;
  }
}

static uint64_t image_luminance_sum(const uint8_t *planes, size_t count) {
  const uint8_t *red = planes, *green = planes + count, *blue = planes + 2 * count;
  uint64_t total = 0;
  for (size_t first = 0; first < count; first += 1 << 16) {
    size_t end = count - first < 1 << 16 ? count : first + (1 << 16);
    uint32_t sum = 0;
    for (size_t pixel = first; pixel < end; pixel++) {
      sum += luminance_of(red[pixel], green[pixel], blue[pixel]);
    }
    total += sum;
  }
  return total;
}

INLINE int32_t maximum(int32_t one, int32_t other) { return one > other ? one : other; }

// level · part / 255², rounded to the nearest integer; ties do not occur.
INLINE int32_t share_of(int32_t level, int32_t part) {
  int32_t product = level * part;
  int32_t share = (int32_t)((float)product * (1.0f / 65025) + 0.5f);
  int32_t rest = product - share * 65025;
  return share + (rest > 32512) - (rest < -32512);
}

// The number of pixels per block of shift_hues; small enough that its intermediate values stay in registers or L1
// cache.
enum { HUE_BLOCK = 64 };

// Converts RGB to 8-bit hue, saturation and value as Pillow does, adds `shift` (of 256) to the hue, and converts back.
INLINE void shift_hues(uint8_t *restrict reds, uint8_t *restrict greens, uint8_t *restrict blues, uint8_t shift) {
#pragma clang fp contract(off)
  for (int pixel = 0; pixel < HUE_BLOCK; pixel++) {
    int32_t red = reds[pixel], green = greens[pixel], blue = blues[pixel];
    int32_t value = maximum(red, maximum(green, blue));
    int32_t range = value - minimum(red, minimum(green, blue));
    // The hue in sixths of a turn, counted from the largest primary color.
    float divisor = (float)(range > 0 ? range : 1);
    int32_t ahead = red == value ? blue : green == value ? red : green;
    int32_t behind = red == value ? green : green == value ? blue : red;
    double origin = red == value ? 0 : green == value ? 2 : 4;
    float sixths =
        (float)(origin + ((double)((float)(value - ahead) / divisor) - (double)((float)(value - behind) / divisor)));
    double turn = (double)sixths * (1.0 / 6) + 1;
    turn = turn >= 1 ? turn - 1 : turn;
    int32_t hue = (int32_t)((double)(float)turn * 255);
    hue = range > 0 ? hue : 0;
    // Exact: the quotient is an integer or at least 1/255 below the next one.
    int32_t saturation = (int32_t)((float)(255 * range) / (float)(value > 0 ? value : 1));

    hue = (hue + shift) & 255;
    int32_t part = (6 * hue * 257 + 257) >> 16;
    int32_t rest = 6 * hue - 255 * part;
    int32_t low = share_of(value, 65025 - 255 * saturation);
    int32_t falling = share_of(value, 65025 - saturation * rest);
    int32_t rising = share_of(value, 65025 - saturation * (255 - rest));
    reds[pixel] = part == 1 ? falling : part == 2 || part == 3 ? low : part == 4 ? rising : value;
    greens[pixel] = part == 0 || part == 6 ? rising : part == 1 || part == 2 ? value : part == 3 ? falling : low;
    blues[pixel] = part <= 1 || part == 6 ? low : part == 2 ? rising : part == 5 ? falling : value;
  }
}

static void image_shift_hue(uint8_t *planes, size_t count, uint8_t shift) {
  uint8_t *red = planes, *green = planes + count, *blue = planes + 2 * count;
  size_t first = 0;
  for (; first + HUE_BLOCK <= count; first += HUE_BLOCK) {
    shift_hues(red + first, green + first, blue + first, shift);
  }
  if (first < count) {
    uint8_t tail[3][HUE_BLOCK] = {0};
    size_t rest = count - first;
    memcpy(tail[0], red + first, rest);
    memcpy(tail[1], green + first, rest);
    memcpy(tail[2], blue + first, rest);
    shift_hues(tail[0], tail[1], tail[2], shift);
    memcpy(red + first, tail[0], rest);
    memcpy(green + first, tail[1], rest);
    memcpy(blue + first, tail[2], rest);
  }
}

static void image_solarize(uint8_t *levels, size_t count, int threshold) {
  for (size_t index = 0; index < count; index++) {
    levels[index] = levels[index] < threshold ? levels[index] : 255 - levels[index];
  }
}

static void image_solarize_add(uint8_t *levels, size_t count, int addition, int threshold) {
  for (size_t index = 0; index < count; index++) {
    int sum = minimum(maximum(levels[index] + addition, 0), 255);
    levels[index] = levels[index] < threshold ? sum : levels[index];
  }
}

static void image_posterize(uint8_t *levels, size_t count, uint8_t mask) {
  for (size_t index = 0; index < count; index++) {
    levels[index] &= mask;
  }
}

INLINE void replace_levels(uint8_t *levels, size_t count, const uint8_t *table) {
  for (size_t index = 0; index < count; index++) {
    levels[index] = table[levels[index]];
  }
}

static void image_stretch(uint8_t *planes, size_t count) {
#pragma clang fp contract(off)
  for (int channel = 0; channel < 3; channel++, planes += count) {
    uint8_t low = 255, high = 0;
    for (size_t pixel = 0; pixel < count; pixel++) {
      low = planes[pixel] < low ? planes[pixel] : low;
      high = planes[pixel] > high ? planes[pixel] : high;
    }
    if (high <= low) {
      continue;
    }
    double scale = 255.0 / (high - low), offset = -low * scale;
    uint8_t table[256];
    for (int level = 0; level < 256; level++) {
      double value = level * scale + offset;
      value = value > 0 ? value : 0;
      value = value < 255 ? value : 255;
      table[level] = (uint8_t)(int32_t)value;
    }
    replace_levels(planes, count, table);
  }
}

static void image_equalize(uint8_t *planes, size_t count) {
  for (int channel = 0; channel < 3; channel++, planes += count) {
    // Four histograms, because consecutive pixels often have the same level and each increment would wait for the
    // previous one.
    uint32_t histograms[4][256] = {{0}};
    size_t pixel = 0;
    for (; pixel + 4 <= count; pixel += 4) {
      histograms[0][planes[pixel]]++;
      histograms[1][planes[pixel + 1]]++;
      histograms[2][planes[pixel + 2]]++;
      histograms[3][planes[pixel + 3]]++;
    }
    for (; pixel < count; pixel++) {
      histograms[0][planes[pixel]]++;
    }
    uint32_t *histogram = histograms[0];
    for (int level = 0; level < 256; level++) {
      histogram[level] += histograms[1][level] + histograms[2][level] + histograms[3][level];
    }
    int last = 255;
    while (histogram[last] == 0) {
      last--;
    }
    uint32_t step = (uint32_t)(count - histogram[last]) / 255;
    if (step == 0) {
      continue;
    }
    int32_t sums[256], sum = (int32_t)step / 2;
    for (int level = 0; level < 256; level++) {
      sums[level] = sum;
      sum += histogram[level];
    }
    uint8_t table[256];
    for (int level = 0; level < 256; level++) {
      // Exact: both numbers are integers below 2³¹.
      int32_t value = (int32_t)((double)sums[level] / (double)(int32_t)step);
      table[level] = value < 255 ? value : 255;
    }
    replace_levels(planes, count, table);
  }
}
