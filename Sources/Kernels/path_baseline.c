// Every CPU of the architecture: no instructions beyond those that the compiler uses anyway.

#include "paths.h"

#define LANES 8

#include "path_all.h"

const KernelTable *kernels_baseline(void) { return &path_table; }
