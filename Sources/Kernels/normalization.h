// Batch normalization, ReLU and residual addition, with as few passes over memory as possible.
//
// Formulas: BatchNormalization.swift in the target NeuralNet. Maps are
// `[image][channel / block][pixel][channel % block]`; each pass processes LANES channels of one image at a time.

// The index of the first pixel of LANES channels of one image. Neighboring pixels are `block` elements apart.
INLINE size_t maps_offset(KernelMaps maps, int image, int channel) {
  return (((size_t)image * (maps.channels / maps.block) + channel / maps.block) * maps.pixels) * maps.block
         + channel % maps.block;
}

// Runs the body for each image and each group of LANES channels, in memory order.
#define FOR_EACH_MAP(maps)                             \
  for (int image = 0; image < (maps).images; image++)  \
    for (int channel = 0; channel < (maps).channels; channel += LANES)

INLINE void channel_sums_elements(KernelMaps maps, const void *y, double *sums, const KernelElement element) {
  FOR_EACH_MAP(maps) {
    size_t base = maps_offset(maps, image, channel);
    Lanes sum[PARTS] = {0}, squares[PARTS] = {0};
    int pixel = 0;
    for (; pixel + PARTS <= maps.pixels; pixel += PARTS) {
      UNROLL
      for (int part = 0; part < PARTS; part++) {
        Lanes value = load(y, base + (size_t)(pixel + part) * maps.block, element);
        sum[part] += value;
        squares[part] += value * value;
      }
    }
    for (; pixel < maps.pixels; pixel++) {
      Lanes value = load(y, base + (size_t)pixel * maps.block, element);
      sum[0] += value;
      squares[0] += value * value;
    }
    add_to(sums + channel, total(sum));
    add_to(sums + maps.channels + channel, total(squares));
  }
}

INLINE void normalize_relu_elements(
    KernelMaps maps, const void *y, const float *scale, const float *shift, void *output,
    const KernelElement element) {
  FOR_EACH_MAP(maps) {
    size_t base = maps_offset(maps, image, channel);
    Lanes a = load_lanes(scale + channel), b = load_lanes(shift + channel);
    for (int pixel = 0; pixel < maps.pixels; pixel++) {
      size_t index = base + (size_t)pixel * maps.block;
      store(output, index, positive_part(a * load(y, index, element) + b), element);
    }
  }
}

INLINE void normalize_add_relu_elements(
    KernelMaps maps, const void *y, const float *scale, const float *shift, const void *shortcut,
    const float *shortcut_scale, const float *shortcut_shift, void *output, const KernelElement element) {
  FOR_EACH_MAP(maps) {
    size_t base = maps_offset(maps, image, channel);
    Lanes a = load_lanes(scale + channel), b = load_lanes(shift + channel);
    if (shortcut_scale) {
      Lanes own_scale = load_lanes(shortcut_scale + channel);
      b += load_lanes(shortcut_shift + channel);
      for (int pixel = 0; pixel < maps.pixels; pixel++) {
        size_t index = base + (size_t)pixel * maps.block;
        Lanes sum = (a * load(y, index, element) + b) + own_scale * load(shortcut, index, element);
        store(output, index, positive_part(sum), element);
      }
    } else {
      for (int pixel = 0; pixel < maps.pixels; pixel++) {
        size_t index = base + (size_t)pixel * maps.block;
        Lanes sum = (a * load(y, index, element) + b) + load(shortcut, index, element);
        store(output, index, positive_part(sum), element);
      }
    }
  }
}

// The value whose sign decides where a ReLU's gradient is zero.
typedef enum {
  UNMASKED,
  BY_OUTPUT,     // the ReLU's output
  BY_NORMALIZED, // scale · y + shift, which is the ReLU's input
} Mask;

// Σ value and Σ value · (y − mean) of gradients, which are also masked by the ReLU and stored unless `mask` is
// UNMASKED.
INLINE void gradient_sums_elements(
    KernelMaps maps, const void *gradient, const void *addend, const void *output, const void *y,
    const float *scale, const float *shift, const float *mean, void *masked, double *sums,
    const KernelElement element, const int has_addend, const Mask mask) {
  FOR_EACH_MAP(maps) {
    size_t base = maps_offset(maps, image, channel);
    Lanes a = broadcast(0), b = broadcast(0);
    if (mask == BY_NORMALIZED) {
      a = load_lanes(scale + channel);
      b = load_lanes(shift + channel);
    }
    Lanes center = load_lanes(mean + channel);
    Lanes sum[PARTS] = {0}, products[PARTS] = {0};
    for (int pixel = 0; pixel < maps.pixels; pixel += PARTS) {
      UNROLL
      for (int part = 0; part < PARTS; part++) {
        if (pixel + part < maps.pixels) {
          size_t index = base + (size_t)(pixel + part) * maps.block;
          Lanes value = load(gradient, index, element);
          if (has_addend) {
            value += load(addend, index, element);
          }
          Lanes input = load(y, index, element);
          if (mask != UNMASKED) {
            Lanes relu = mask == BY_OUTPUT ? load(output, index, element) : a * input + b;
            value = where(~(relu <= 0), value);
            store(masked, index, value, element);
          }
          sum[part] += value;
          products[part] += value * (input - center);
        }
      }
    }
    add_to(sums + channel, total(sum));
    add_to(sums + maps.channels + channel, total(products));
  }
}

INLINE void normalize_gradient_elements(
    KernelMaps maps, const void *gradient, const void *y, const float *a, const float *b, const float *c,
    void *input_gradient, const KernelElement element) {
  FOR_EACH_MAP(maps) {
    size_t base = maps_offset(maps, image, channel);
    Lanes of_gradient = load_lanes(a + channel), of_input = load_lanes(b + channel), rest = load_lanes(c + channel);
    for (int pixel = 0; pixel < maps.pixels; pixel++) {
      size_t index = base + (size_t)pixel * maps.block;
      Lanes value = of_gradient * load(gradient, index, element) + (of_input * load(y, index, element) + rest);
      store(input_gradient, index, value, element);
    }
  }
}

// MARK: - The functions of the table: one version for each element type

#define FOR_ELEMENT(call)                        \
  do {                                           \
    if (element == KERNEL_FLOAT32) {             \
      const KernelElement type = KERNEL_FLOAT32; \
      call;                                      \
    } else {                                     \
      const KernelElement type = KERNEL_BFLOAT16; \
      call;                                      \
    }                                            \
  } while (0)

static void channel_sums(KernelMaps maps, KernelElement element, const void *y, double *sums) {
  FOR_ELEMENT(channel_sums_elements(maps, y, sums, type));
}

static void normalize_relu(
    KernelMaps maps, KernelElement element, const void *y, const float *scale, const float *shift, void *output) {
  FOR_ELEMENT(normalize_relu_elements(maps, y, scale, shift, output, type));
}

static void normalize_add_relu(
    KernelMaps maps, KernelElement element, const void *y, const float *scale, const float *shift,
    const void *shortcut, const float *shortcut_scale, const float *shortcut_shift, void *output) {
  FOR_ELEMENT(
      normalize_add_relu_elements(maps, y, scale, shift, shortcut, shortcut_scale, shortcut_shift, output, type));
}

static void relu_gradient(
    KernelMaps maps, KernelElement element, const void *gradient, const void *addend, const void *output,
    const void *y, const float *scale, const float *shift, const float *mean, void *masked, double *sums) {
#define CALL(has_addend, mask)                                                                              \
  FOR_ELEMENT(gradient_sums_elements(                                                                       \
      maps, gradient, addend, output, y, scale, shift, mean, masked, sums, type, has_addend, mask))
  if (addend && output) {
    CALL(1, BY_OUTPUT);
  } else if (output) {
    CALL(0, BY_OUTPUT);
  } else if (addend) {
    CALL(1, BY_NORMALIZED);
  } else {
    CALL(0, BY_NORMALIZED);
  }
#undef CALL
}

static void gradient_sums(
    KernelMaps maps, KernelElement element, const void *gradient, const void *y, const float *mean, double *sums) {
  FOR_ELEMENT(gradient_sums_elements(
      maps, gradient, NULL, NULL, y, NULL, NULL, mean, NULL, sums, type, 0, UNMASKED));
}

static void normalize_gradient(
    KernelMaps maps, KernelElement element, const void *gradient, const void *y, const float *a, const float *b,
    const float *c, void *input_gradient) {
  FOR_ELEMENT(normalize_gradient_elements(maps, gradient, y, a, b, c, input_gradient, type));
}
