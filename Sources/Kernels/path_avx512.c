// The path for CPUs with AVX-512.

#include "paths.h"

#if defined(__x86_64__)
#define LANES 16
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prfchw"))), apply_to = function)
#include "path_all.h"
#pragma clang attribute pop

const KernelTable *kernels_avx512(void) { return &path_table; }

#endif
