// bfloat16 numbers: conversion from and to float32, and products of adjacent pairs.
//
// The only file with intrinsics. A path (the compilation for one instruction set) whose CPU has bfloat16 instructions
// includes <immintrin.h>, defines PATH_HAS_BFLOAT16 and has its own `narrow`, `interleave` and `add_products`; all
// other paths use the portable versions. Convolutions multiply in bfloat16 only if MULTIPLIES_BFLOAT16 is 1: portable
// products are slower than float32, and so are those of some CPUs, whose path defines PATH_MULTIPLIES_FLOAT32.

// LANES pairs of neighboring bfloat16 numbers: even[0] odd[0] even[1] odd[1] …
typedef uint16_t HalfPairs __attribute__((ext_vector_type(2 * LANES)));
typedef uint16_t HalfPairsInMemory __attribute__((ext_vector_type(2 * LANES), aligned(2), may_alias));

// bfloat16 is the upper half of a float32.
INLINE Lanes widen(HalfLanes halves) { return (Lanes)(__builtin_convertvector(halves, WordLanes) << 16); }

INLINE HalfLanes load_halves(const void *source, size_t index) {
  return *(const HalfLanesInMemory *)((const uint16_t *)source + index);
}

INLINE HalfPairs load_pairs(const uint16_t *source) { return *(const HalfPairsInMemory *)source; }

INLINE void store_pairs(uint16_t *destination, HalfPairs pairs) { *(HalfPairsInMemory *)destination = pairs; }

// The numbers of two vectors in pairs.
INLINE HalfPairs pair_up(HalfLanes even, HalfLanes odd) {
  // Little-endian: the even number is the lower half of a word.
  return (HalfPairs)(__builtin_convertvector(even, WordLanes) | __builtin_convertvector(odd, WordLanes) << 16);
}

// Each path defines three functions:
//
//     HalfLanes narrow(Lanes lanes)                  to the nearest bfloat16, ties to even; a NaN stays a NaN
//     HalfPairs interleave(Lanes even, Lanes odd)    the narrowed numbers of two vectors in pairs
//     Lanes add_products(Lanes sums, const uint16_t *pair, HalfPairs weights)
//                                                    sums + pair[0] · even weights + pair[1] · odd weights, in float32

#ifdef PATH_HAS_BFLOAT16

// MARK: - AVX-512 with bfloat16

#ifdef PATH_MULTIPLIES_FLOAT32
enum { MULTIPLIES_BFLOAT16 = 0 };
#else
enum { MULTIPLIES_BFLOAT16 = 1 };
#endif

INLINE HalfLanes narrow(Lanes lanes) { return (HalfLanes)_mm512_cvtneps_pbh((__m512)lanes); }

INLINE HalfPairs interleave(Lanes even, Lanes odd) {
  // The instruction puts the numbers of its second operand, the even ones, into the lower half.
  const __m512i order = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1,
      16, 0);
  return (HalfPairs)_mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even));
}

INLINE Lanes add_products(Lanes sums, const uint16_t *pair, HalfPairs weights) {
  int32_t both;
  memcpy(&both, pair, sizeof both);
  return (Lanes)_mm512_dpbf16_ps((__m512)sums, (__m512bh)_mm512_set1_epi32(both), (__m512bh)weights);
}

#else

// MARK: - Any CPU

enum { MULTIPLIES_BFLOAT16 = 0 };

INLINE HalfLanes narrow(Lanes lanes) {
  WordLanes bits = (WordLanes)lanes;
  WordLanes rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  WordLanes quiet = (bits >> 16) | 0x40;
  IntegerLanes is_number = lanes == lanes;
  WordLanes chosen = (rounded & (WordLanes)is_number) | (quiet & ~(WordLanes)is_number);
  return __builtin_convertvector(chosen, HalfLanes);
}

INLINE HalfPairs interleave(Lanes even, Lanes odd) {
  return pair_up(narrow(even), narrow(odd));
}

INLINE Lanes add_products(Lanes sums, const uint16_t *pair, HalfPairs weights) {
  WordLanes both = (WordLanes)weights;
  HalfLanes even = pair[0], odd = pair[1];
  return (sums + widen(even) * (Lanes)(both << 16)) + widen(odd) * (Lanes)(both & 0xffff0000u);
}

#endif

// MARK: - Elements of feature maps

// Elements of either type, by index. `element` is a compile-time constant in all callers, so no branch remains.
INLINE Lanes load(const void *source, size_t index, KernelElement element) {
  if (element == KERNEL_FLOAT32) {
    return load_lanes((const float *)source + index);
  }
  return widen(load_halves(source, index));
}

INLINE void store(void *destination, size_t index, Lanes lanes, KernelElement element) {
  if (element == KERNEL_FLOAT32) {
    store_lanes((float *)destination + index, lanes);
  } else {
    *(HalfLanesInMemory *)((uint16_t *)destination + index) = narrow(lanes);
  }
}
