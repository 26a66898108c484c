// Every CPU of the architecture.

#include "paths.h"

#define LANES 8

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

const KernelTable *kernels_baseline(void) { return &path_table; }

