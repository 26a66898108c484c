// 8-bit images stored as three planes (red, green, blue): operations that move pixels without changing their values.

// Converts pixels `[count, 3]` to planes `[3, count]`.
static void image_unpack(const uint8_t *restrict pixels, size_t count, uint8_t *restrict planes) {
  uint8_t *restrict red = planes, *restrict green = planes + count, *restrict blue = planes + 2 * count;
  for (size_t pixel = 0; pixel < count; pixel++) {
    red[pixel] = pixels[3 * pixel];
    green[pixel] = pixels[3 * pixel + 1];
    blue[pixel] = pixels[3 * pixel + 2];
  }
}

// Converts planes `[3, count]` to pixels `[count, 3]`.
static void image_pack(const uint8_t *restrict planes, size_t count, uint8_t *restrict pixels) {
  const uint8_t *restrict red = planes, *restrict green = planes + count, *restrict blue = planes + 2 * count;
  for (size_t pixel = 0; pixel < count; pixel++) {
    pixels[3 * pixel] = red[pixel];
    pixels[3 * pixel + 1] = green[pixel];
    pixels[3 * pixel + 2] = blue[pixel];
  }
}

static void image_window(KernelImage image, KernelWindow window, uint8_t fill, uint8_t *restrict result) {
  int first = window.left < 0 ? -window.left : 0;
  int rest = image.width - window.left;
  int end = rest < window.width ? rest : window.width;
  for (int plane = 0; plane < 3; plane++) {
    const uint8_t *source = image.planes + (size_t)plane * image.width * image.height;
    for (int row = 0; row < window.height; row++, result += window.width) {
      int from = window.top + row;
      if (from < 0 || from >= image.height || end <= first) {
        memset(result, fill, window.width);
      } else {
        memset(result, fill, first);
        memcpy(result + first, source + (size_t)from * image.width + window.left + first, end - first);
        memset(result + end, fill, window.width - end);
      }
    }
  }
}

static void image_mirror(KernelImage image, uint8_t *restrict result) {
  size_t width = image.width;
  for (size_t row = 0; row < 3 * (size_t)image.height; row++) {
    const uint8_t *restrict source = image.planes + row * width;
    uint8_t *restrict target = result + row * width;
    for (size_t column = 0; column < width; column++) {
      target[column] = source[width - 1 - column];
    }
  }
}

static void image_affine(KernelImage image, const int32_t *matrix, uint8_t fill, uint8_t *restrict result) {
  size_t count = (size_t)image.width * image.height;
  uint32_t width = image.width, height = image.height;
  // Unsigned, so that sums wrap around as in Pillow.
  uint32_t row_x = matrix[2], row_y = matrix[5];
  for (uint32_t row = 0; row < height; row++) {
    uint32_t x = row_x, y = row_y;
    for (uint32_t column = 0; column < width; column++, result++) {
      uint32_t from_x = (uint32_t)((int32_t)x >> 16), from_y = (uint32_t)((int32_t)y >> 16);
      if (from_x < width && from_y < height) {
        const uint8_t *source = image.planes + (size_t)from_y * width + from_x;
        result[0] = source[0];
        result[count] = source[count];
        result[2 * count] = source[2 * count];
      } else {
        result[0] = result[count] = result[2 * count] = fill;
      }
      x += matrix[0];
      y += matrix[3];
    }
    row_x += matrix[1];
    row_y += matrix[4];
  }
}

static void image_view(
    const uint8_t *restrict planes, size_t count, const float *restrict levels, float *restrict view,
    size_t channel_stride, size_t pixel_stride) {
  for (int channel = 0; channel < 3; channel++) {
    const uint8_t *restrict plane = planes + channel * count;
    const float *restrict level = levels + 256 * channel;
    float *restrict target = view + channel * channel_stride;
    if (pixel_stride == 1) {
      for (size_t pixel = 0; pixel < count; pixel++) {
        target[pixel] = level[plane[pixel]];
      }
    } else {
      for (size_t pixel = 0; pixel < count; pixel++) {
        target[pixel * pixel_stride] = level[plane[pixel]];
      }
    }
  }
}
