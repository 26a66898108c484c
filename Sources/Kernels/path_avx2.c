// The path for CPUs with AVX2 and fused multiply-add.

#include "paths.h"

#if defined(__x86_64__)
#define LANES 8
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "path_all.h"
#pragma clang attribute pop

const KernelTable *kernels_avx2(void) { return &path_table; }

#endif
