// Vectors of LANES neighboring channels, float32: 16 with AVX-512, 8 without.
//
// These are clang's vector types, which it compiles for any CPU: where registers are narrower, a vector takes several of them.

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

// sums[0..<LANES] += lanes, in float64.
INLINE void add_to(double *sums, Lanes lanes) {
  for (int lane = 0; lane < LANES; lane++) {
    sums[lane] += (double)lanes[lane];
  }
}

// Sums are kept in four interleaved parts, so that an addition need not wait for the one before.
enum { PARTS = 4 };

INLINE Lanes total(const Lanes parts[PARTS]) { return (parts[0] + parts[1]) + (parts[2] + parts[3]); }
