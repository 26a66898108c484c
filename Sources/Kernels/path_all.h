// All functions of one path. A path_*.c file defines LANES, sets the instruction set, and includes this file, which
// defines `path_table`. The order matters: each header uses those included before it.

// MARK: - Vectors
#include "lanes.h"
#include "bfloat16.h"

// MARK: - Convolution
#include "winograd_transforms.h"
#include "winograd_factors.h"
#include "winograd_tiles.h"
#include "winograd_products.h"
#include "prefetch.h"
#include "weight_blocks.h"
#include "winograd.h"
#include "patches.h"

// MARK: - Normalization
#include "normalization.h"

// MARK: - Loss
#include "contrastive.h"
#include "contrastive_modes.h"

// MARK: - Images
#include "image_planes.h"
#include "image_resample.h"
#include "image_colors.h"
#include "image_filters.h"

// MARK: - The table
#include "table.h"
