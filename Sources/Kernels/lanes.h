// Vectors of neighboring channels, and loads and stores that widen and narrow them.
//
// Included by each path_*.c, which defines LANES (16 with AVX-512, 8 without) and compiles everything for its instruction set.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

// A baseline path has no registers of this width; nothing of these types crosses a call that is not inlined.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float Lanes __attribute__((ext_vector_type(LANES)));
typedef float LanesInMemory __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t IntegerLanes __attribute__((ext_vector_type(LANES)));
typedef uint32_t WordLanes __attribute__((ext_vector_type(LANES)));
typedef uint16_t HalfLanes __attribute__((ext_vector_type(LANES)));
typedef uint16_t HalfLanesInMemory __attribute__((ext_vector_type(LANES), aligned(2)));
typedef double DoubleLanes __attribute__((ext_vector_type(LANES)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE Lanes load_lanes(const float *source) { return *(const LanesInMemory *)source; }

INLINE void store_lanes(float *destination, Lanes lanes) { *(LanesInMemory *)destination = lanes; }

INLINE Lanes broadcast(float value) { return (Lanes)(value); }

// condition ? lanes : 0, where condition holds all ones or zeros, as comparisons give it.
INLINE Lanes where(IntegerLanes condition, Lanes lanes) { return (Lanes)((IntegerLanes)lanes & condition); }

// A NaN stays one, as in PyTorch: the step that finds it ends the run.
INLINE Lanes positive_part(Lanes lanes) { return where(~(lanes <= 0), lanes); }

// bfloat16 is the upper half of a float.
INLINE Lanes widen(HalfLanes halves) { return (Lanes)(__builtin_convertvector(halves, WordLanes) << 16); }

// To the nearest bfloat16, ties to even; a NaN stays a NaN.
INLINE HalfLanes narrow(Lanes lanes) {
#if LANES == 16 && defined(PATH_HAS_BFLOAT16)
  return (HalfLanes)_mm512_cvtneps_pbh((__m512)lanes);
#else
  WordLanes bits = (WordLanes)lanes;
  WordLanes rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  WordLanes quiet = (bits >> 16) | 0x40;
  IntegerLanes is_number = lanes == lanes;
  WordLanes chosen = (rounded & (WordLanes)is_number) | (quiet & ~(WordLanes)is_number);
  return __builtin_convertvector(chosen, HalfLanes);
#endif
}

// Elements of either type, by their index. `element` is a constant wherever these are called, so no branch is left.
INLINE Lanes load(const void *source, size_t index, KernelElement element) {
  if (element == KERNEL_FLOAT32) {
    return load_lanes((const float *)source + index);
  }
  return widen(*(const HalfLanesInMemory *)((const uint16_t *)source + index));
}

INLINE void store(void *destination, size_t index, Lanes lanes, KernelElement element) {
  if (element == KERNEL_FLOAT32) {
    store_lanes((float *)destination + index, lanes);
  } else {
    *(HalfLanesInMemory *)((uint16_t *)destination + index) = narrow(lanes);
  }
}

// sums[0..<LANES] += lanes, in float64.
INLINE void add_to(double *sums, Lanes lanes) {
  for (int lane = 0; lane < LANES; lane++) {
    sums[lane] += (double)lanes[lane];
  }
}

// Sums stand in four interleaved parts, so that an addition need not wait for the one before.
enum { PARTS = 4 };

INLINE Lanes total(const Lanes parts[PARTS]) { return (parts[0] + parts[1]) + (parts[2] + parts[3]); }
