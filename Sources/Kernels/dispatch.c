// The choice of a path (kernels compiled for one instruction set) at run time, below an optional limit.

#include "paths.h"

// The last enumerator is no limit.
static _Atomic(KernelPath) highest_path = KERNEL_PATH_AVX512_BFLOAT16;

void kernels_limit(KernelPath path) { highest_path = path; }

KernelPath kernels_best_path(void) {
  KernelPath offered = kernels_cpu_path();
  KernelPath highest = highest_path;
  return offered < highest ? offered : highest;
}

KernelVendor kernels_cpu_vendor(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_is("intel")) {
    return KERNEL_VENDOR_INTEL;
  }
  if (__builtin_cpu_is("amd")) {
    return KERNEL_VENDOR_AMD;
  }
#endif
  return KERNEL_VENDOR_OTHER;
}

KernelPath kernels_cpu_path(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
      && __builtin_cpu_supports("avx512vl")) {
    return __builtin_cpu_supports("avx512bf16") ? KERNEL_PATH_AVX512_BFLOAT16 : KERNEL_PATH_AVX512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return KERNEL_PATH_AVX2;
  }
#endif
  return KERNEL_PATH_BASELINE;
}

const char *kernels_name(KernelPath path) {
  switch (path) {
  case KERNEL_PATH_AVX512_BFLOAT16: return "AVX-512 with bfloat16";
  case KERNEL_PATH_AVX512_BFLOAT16_MAPS: return "AVX-512 with bfloat16 feature maps";
  case KERNEL_PATH_AVX512: return "AVX-512";
  case KERNEL_PATH_AVX2: return "AVX2";
  case KERNEL_PATH_BASELINE: break;
  }
  return "baseline";
}

const KernelTable *kernels_of(KernelPath path) {
  switch (path) {
#if defined(__x86_64__)
  case KERNEL_PATH_AVX512_BFLOAT16: return kernels_avx512_bfloat16();
  case KERNEL_PATH_AVX512_BFLOAT16_MAPS: return kernels_avx512_bfloat16_maps();
  case KERNEL_PATH_AVX512: return kernels_avx512();
  case KERNEL_PATH_AVX2: return kernels_avx2();
#endif
  default: return kernels_baseline();
  }
}
