// The products of factors at one frequency for one panel of outputs, with all sums in registers. Symbols and shapes:
// winograd_factors.h; `vectors` (1 or 2) is the width of the panel in vectors.

// m[tile][outputs of one panel] = Σ over inputs of v[tile][input] · u[input][outputs of the panel], for TILES_PER_BLOCK
// tiles.
INLINE void multiply_panel(
    const void *factors, int inputs, const void *weights_of_panel, float *m, int outputs, const int vectors,
    const Factors kind) {
  Lanes sums[TILES_PER_BLOCK][2];
  UNROLL
  for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      sums[tile][k] = broadcast(0);
    }
  }
  if (kind == FLOATS) {
    const float *v = factors, *u = weights_of_panel;
    for (int input = 0; input < inputs; input++) {
      Lanes weights[2];
      UNROLL
      for (int k = 0; k < vectors; k++) {
        weights[k] = load_lanes(u + k * LANES);
      }
      u += vectors * LANES;
      UNROLL
      for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
        Lanes value = broadcast(v[(size_t)tile * tile_stride(inputs) + input]);
        UNROLL
        for (int k = 0; k < vectors; k++) {
          sums[tile][k] += value * weights[k];
        }
      }
    }
  } else {
    const uint16_t *v = factors, *u = weights_of_panel;
    for (int input = 0; input < inputs; input += 2) {
      HalfPairs weights[2];
      UNROLL
      for (int k = 0; k < vectors; k++) {
        weights[k] = load_pairs(u + k * 2 * LANES);
      }
      u += vectors * 2 * LANES;
      UNROLL
      for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
        UNROLL
        for (int k = 0; k < vectors; k++) {
          sums[tile][k] = add_products(sums[tile][k], v + (size_t)tile * tile_stride(inputs) + input, weights[k]);
        }
      }
    }
  }
  UNROLL
  for (int tile = 0; tile < TILES_PER_BLOCK; tile++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      store_lanes(m + (size_t)tile * tile_stride(outputs) + k * LANES, sums[tile][k]);
    }
  }
}

// The number of inputs in one block of a weight gradient: with 2 vectors of outputs, 16 sums in registers.
enum { INPUTS_PER_BLOCK = 8 };

// u[8 inputs][outputs of one panel] ← or += Σ over tiles of v[tile][input] · d[tile][outputs of the panel].
INLINE void accumulate_panel(
    const void *factors, int inputs, const void *gradient_factors, int outputs, int tiles, float *u, const int vectors,
    const Factors kind, const int is_first) {
  enum { INPUTS = INPUTS_PER_BLOCK };
  Lanes sums[INPUTS][2];
  UNROLL
  for (int input = 0; input < INPUTS; input++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      sums[input][k] = is_first ? broadcast(0) : load_lanes(u + (input * vectors + k) * LANES);
    }
  }
  if (kind == FLOATS) {
    const float *v = factors, *d = gradient_factors;
    for (int tile = 0; tile < tiles; tile++) {
      Lanes gradients[2];
      UNROLL
      for (int k = 0; k < vectors; k++) {
        gradients[k] = load_lanes(d + (size_t)tile * tile_stride(outputs) + k * LANES);
      }
      UNROLL
      for (int input = 0; input < INPUTS; input++) {
        Lanes value = broadcast(v[(size_t)tile * tile_stride(inputs) + input]);
        UNROLL
        for (int k = 0; k < vectors; k++) {
          sums[input][k] += value * gradients[k];
        }
      }
    }
  } else {
    const uint16_t *v = factors, *d = gradient_factors;
    for (int tile = 0; tile < tiles; tile += 2) {
      HalfPairs gradients[2];
      UNROLL
      for (int k = 0; k < vectors; k++) {
        gradients[k] = load_pairs(d + (size_t)tile * tile_stride(outputs) + k * 2 * LANES);
      }
      UNROLL
      for (int input = 0; input < INPUTS; input++) {
        UNROLL
        for (int k = 0; k < vectors; k++) {
          sums[input][k] =
              add_products(sums[input][k], v + (size_t)tile * tile_stride(inputs) + 2 * input, gradients[k]);
        }
      }
    }
  }
  UNROLL
  for (int input = 0; input < INPUTS; input++) {
    UNROLL
    for (int k = 0; k < vectors; k++) {
      store_lanes(u + (input * vectors + k) * LANES, sums[input][k]);
    }
  }
}

// `multiply_panel` for a width that is known at run time only.
INLINE void multiply(
    const void *factors, int inputs, const void *weights_of_panel, float *m, int outputs, int vectors,
    const Factors kind) {
  if (vectors == 2) {
    multiply_panel(factors, inputs, weights_of_panel, m, outputs, 2, kind);
  } else {
    multiply_panel(factors, inputs, weights_of_panel, m, outputs, 1, kind);
  }
}

// `accumulate_panel` for a width that is known at run time only.
INLINE void accumulate(
    const void *factors, int inputs, const void *gradient_factors, int outputs, int tiles, float *u, int vectors,
    const Factors kind, const int is_first) {
  if (vectors == 2) {
    accumulate_panel(factors, inputs, gradient_factors, outputs, tiles, u, 2, kind, is_first);
  } else {
    accumulate_panel(factors, inputs, gradient_factors, outputs, tiles, u, 1, kind, is_first);
  }
}
