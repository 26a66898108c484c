// oneDNN 2's C interface, functions for those of its macros that Swift cannot import, and the one call of OpenMP that
// decides how many threads a primitive uses.

#ifndef CONEDNN_SHIM_H
#define CONEDNN_SHIM_H

#include <dnnl.h>

#if DNNL_VERSION_MAJOR != 2
#error "supcon is written for oneDNN 2 (Debian 12: libdnnl-dev 2.6.3); version 3 has another interface"
#endif


static inline int conednn_arg_src(void) { return DNNL_ARG_SRC; }
static inline int conednn_arg_dst(void) { return DNNL_ARG_DST; }
static inline int conednn_arg_weights(void) { return DNNL_ARG_WEIGHTS; }
static inline int conednn_arg_workspace(void) { return DNNL_ARG_WORKSPACE; }
static inline int conednn_arg_scratchpad(void) { return DNNL_ARG_SCRATCHPAD; }
static inline int conednn_arg_diff_src(void) { return DNNL_ARG_DIFF_SRC; }
static inline int conednn_arg_diff_dst(void) { return DNNL_ARG_DIFF_DST; }
static inline int conednn_arg_diff_weights(void) { return DNNL_ARG_DIFF_WEIGHTS; }

// Sets the number of OpenMP threads for primitives that the calling thread runs (OpenMP 5.0, section 3.2.1).
void omp_set_num_threads(int count);

#endif
