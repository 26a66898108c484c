// Vectors of LANES neighboring channels as float32: 16 with AVX-512, otherwise 8.
//
// These are clang's vector types, which compile for any CPU: where registers are narrower, a vector takes several
// registers.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

// The baseline path has no registers of this width, but no function with vector arguments is called without being
// inlined.
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

INLINE int32_t minimum(int32_t one, int32_t other) { return one < other ? one : other; }

INLINE Lanes load_lanes(const float *source) { return *(const LanesInMemory *)source; }

INLINE void store_lanes(float *destination, Lanes lanes) { *(LanesInMemory *)destination = lanes; }

INLINE Lanes broadcast(float value) { return (Lanes)(value); }

// condition ? lanes : 0, where each element of condition has all bits set or none, as comparisons return it.
INLINE Lanes where(IntegerLanes condition, Lanes lanes) { return (Lanes)((IntegerLanes)lanes & condition); }

// max(lanes, 0); NaN remains NaN, as in PyTorch, so that the training step detects it.
INLINE Lanes positive_part(Lanes lanes) { return where(~(lanes <= 0), lanes); }

// sums[0..<LANES] += lanes, in float64.
INLINE void add_to(double *sums, Lanes lanes) {
  for (int lane = 0; lane < LANES; lane++) {
    sums[lane] += (double)lanes[lane];
  }
}

// Sums are accumulated in four interleaved parts, so that an addition need not wait for the previous one.
enum { PARTS = 4 };

INLINE Lanes total(const Lanes parts[PARTS]) { return (parts[0] + parts[1]) + (parts[2] + parts[3]); }
