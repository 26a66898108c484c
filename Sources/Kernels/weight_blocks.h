// Row-major weights `[outputs][inputs][kernel · kernel]`, read and written block by block, with the outputs as vectors.
//
// A block has LANES outputs and INPUTS_PER_COPY inputs: neighboring outputs are so far apart in memory that copying one
// element of each at a time would miss every cache.

enum { LARGEST_KERNEL = 3, TAPS = LARGEST_KERNEL * LARGEST_KERNEL, INPUTS_PER_COPY = 16 };

// The weights of LANES outputs, `[input][kernel · kernel][output]`.
typedef struct {
  _Alignas(64) float weights[INPUTS_PER_COPY * TAPS][LANES];
} WeightBlock;

// Reads the weights of LANES outputs and `count` inputs. Transposed, the memory layout is
// `[inputs][outputs][kernel · kernel]`, and the kernel is rotated by 180°.
INLINE void read_weights(
    KernelConvolution shape, const float *weights, int output, int input, int count, WeightBlock *block) {
  int taps = shape.kernel * shape.kernel;
  if (!shape.is_transposed) {
    const float *from = weights + ((size_t)output * shape.inputs + input) * taps;
    size_t stride = (size_t)shape.inputs * taps;
    for (int i = 0; i < count * taps; i++) {
      Lanes column;
      for (int lane = 0; lane < LANES; lane++) {
        column[lane] = from[lane * stride + i];
      }
      store_lanes(block->weights[i], column);
    }
    return;
  }
  for (int index = 0; index < count; index++) {
    const float *from = weights + ((size_t)(input + index) * shape.outputs + output) * taps;
    // The rows are too short for the hardware prefetcher to recognize.
    const float *ahead = from + 4 * (size_t)shape.outputs * taps;
    for (int i = 0; i < LANES * taps; i += 16) {
      __builtin_prefetch(ahead + i, 0, 2);
    }
    for (int i = 0; i < taps; i++) {
      Lanes column;
      for (int lane = 0; lane < LANES; lane++) {
        column[lane] = from[lane * taps + taps - 1 - i];
      }
      store_lanes(block->weights[index * taps + i], column);
    }
  }
}

// Writes the weights of LANES outputs and `count` inputs of a convolution that is not transposed.
INLINE void write_weights(
    KernelConvolution shape, const WeightBlock *block, int output, int input, int count, float *weights) {
  int taps = shape.kernel * shape.kernel;
  for (int lane = 0; lane < LANES; lane++) {
    float *to = weights + ((size_t)(output + lane) * shape.inputs + input) * taps;
    for (int i = 0; i < count * taps; i++) {
      to[i] = block->weights[i][lane];
    }
  }
}
