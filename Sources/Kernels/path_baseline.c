// The path for every CPU of the architecture: only the instructions that the compiler uses by default.

#include "paths.h"

#define LANES 8

#include "path_all.h"

const KernelTable *kernels_baseline(void) { return &path_table; }
