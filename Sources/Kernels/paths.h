// The tables of functions of all paths, each defined by a path_*.c file.

#include "kernels.h"

#if defined(__x86_64__)
const KernelTable *kernels_avx2(void);
const KernelTable *kernels_avx512(void);
const KernelTable *kernels_avx512_bfloat16_maps(void);
const KernelTable *kernels_avx512_bfloat16(void);
#endif
const KernelTable *kernels_baseline(void);
