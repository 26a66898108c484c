// CPUs with AVX-512.

#include "paths.h"

#if defined(__x86_64__)
#define LANES 16

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prfchw"))), apply_to = function)
#include "lanes.h"
#include "winograd_transforms.h"
#include "winograd_factors.h"
#include "winograd_tiles.h"
#include "winograd_products.h"
#include "prefetch.h"
#include "winograd.h"
#include "normalization.h"
#include "contrastive.h"
#include "image_planes.h"
#include "image_resample.h"
#include "image_colors.h"
#include "image_filters.h"
#include "table.h"
#pragma clang attribute pop

const KernelTable *kernels_avx512(void) { return &path_table; }

#endif
