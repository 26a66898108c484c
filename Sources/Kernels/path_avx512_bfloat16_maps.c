// The path for CPUs with AVX-512 and its bfloat16 instructions that multiply float32 numbers faster than pairs of
// bfloat16 numbers.

#include "paths.h"

#if defined(__x86_64__)
#define LANES 16
#define PATH_HAS_BFLOAT16
#define PATH_MULTIPLIES_FLOAT32
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,prfchw"))), apply_to = function)
#include "path_all.h"
#pragma clang attribute pop

const KernelTable *kernels_avx512_bfloat16_maps(void) { return &path_table; }

#endif
