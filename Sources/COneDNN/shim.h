// One C interface to oneDNN 2.2 to 3.x; the oldest version that was tried is 2.6.
//
// Versions 2 and 3 differ in how memory descriptors are held and in how primitives are planned. Everything that differs
// is behind the functions of version2.h and version3.h, which declare the same names; what both versions share is used
// as it is.

#ifndef CONEDNN_SHIM_H
#define CONEDNN_SHIM_H

#include <dnnl.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(DNNL_CPU_RUNTIME) || (DNNL_CPU_RUNTIME != DNNL_RUNTIME_OMP && DNNL_CPU_RUNTIME != DNNL_RUNTIME_SEQ)
#error "supcon needs a oneDNN built with DNNL_CPU_RUNTIME=OMP or SEQ: with TBB, SYCL or a thread pool \
the number of threads of a primitive, and with it the bits of weight gradients, cannot be fixed"
#endif

// A memory descriptor: extents, element type, and order of the elements in memory. Owned by the caller; free it with
// conednn_layout_destroy.
typedef struct conednn_layout *conednn_layout_t;

// The window of a convolution or pooling; each array holds {rows, columns}.
typedef struct {
  dnnl_dims_t kernel;
  dnnl_dims_t strides;
  // Number of zeros before the first row and column.
  dnnl_dims_t padding_before;
  // Number of zeros after the last row and column.
  dnnl_dims_t padding_after;
} conednn_window_t;

static inline conednn_window_t conednn_window(
    dnnl_dim_t kernel_height, dnnl_dim_t kernel_width, dnnl_dim_t stride, dnnl_dim_t padding_before,
    dnnl_dim_t padding_after) {
  conednn_window_t window = {
      {kernel_height, kernel_width},
      {stride, stride},
      {padding_before, padding_before},
      {padding_after, padding_after}};
  return window;
}

#if DNNL_VERSION_MAJOR == 2 && DNNL_VERSION_MINOR >= 2
#include "version2.h"
#elif DNNL_VERSION_MAJOR == 3
#include "version3.h"
#else
#error "supcon is written for oneDNN 2.2 to 3.x (Debian and Ubuntu: libdnnl-dev); \
SUPCON_ONEDNN=DIR builds with the one in DIR/include and DIR/lib"
#endif

// Functions with the same body for both versions; they use the version's `conednn_layout_value`.
static inline dnnl_status_t conednn_memory_create(
    dnnl_memory_t *memory, conednn_layout_t layout, dnnl_engine_t engine, void *address) {
  return dnnl_memory_create(memory, conednn_layout_value(layout), engine, address);
}

static inline dnnl_status_t conednn_memory_set_address(dnnl_memory_t memory, void *address) {
  return dnnl_memory_set_data_handle(memory, address);
}

static inline dnnl_status_t conednn_reorder_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, conednn_layout_t source,
    conednn_layout_t destination) {
  return dnnl_reorder_primitive_desc_create(
      plan, conednn_layout_value(source), engine, conednn_layout_value(destination), engine, attributes);
}

// Requests the same bits from every execution, where oneDNN has such a setting (3.4 and later; earlier versions need
// none if each primitive runs on one thread).
static inline dnnl_status_t conednn_attr_set_deterministic(dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR > 3 || (DNNL_VERSION_MAJOR == 3 && DNNL_VERSION_MINOR >= 4)
  return dnnl_primitive_attr_set_deterministic(attributes, 1);
#else
  (void)attributes;
  return dnnl_success;
#endif
}

// The name of the implementation that oneDNN chose for a primitive descriptor ("plan"), for example "jit:avx2", or ""
// if it does not say; the text lives as long as the plan.
static inline const char *conednn_plan_implementation(const_dnnl_primitive_desc_t plan) {
  const char *name = "";
  return dnnl_primitive_desc_query(plan, dnnl_query_impl_info_str, 0, &name) == dnnl_success ? name : "";
}

// The size in bytes of the scratchpad that one execution of a plan needs.
static inline size_t conednn_plan_scratchpad_byte_count(const_dnnl_primitive_desc_t plan) {
  return dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(plan, dnnl_query_scratchpad_md, 0));
}

// oneDNN's macros as functions, because Swift cannot import them.
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

// Writes to `isa` what dnnl_get_effective_cpu_isa would return under a limit (0: none but that of the environment), or
// 0 if oneDNN refuses the limit. The first such call in a process fixes its limit, so a child process makes it, and
// this one may still choose. Returns whether there is an answer. Before MPI is initialized only: some networks do not
// allow a fork afterwards.
static inline _Bool conednn_offered_isa(dnnl_cpu_isa_t limit, unsigned *isa) {
  int ends[2];
  if (pipe(ends) != 0) {
    return 0;
  }
  pid_t child = fork();
  if (child == 0) {
    unsigned own = 0;
    if (limit == 0 || dnnl_set_max_cpu_isa(limit) == dnnl_success) {
      own = (unsigned)dnnl_get_effective_cpu_isa();
    }
    _exit(write(ends[1], &own, sizeof own) == (ssize_t)sizeof own ? 0 : 1);
  }
  close(ends[1]);
  ssize_t count = -1;
  if (child > 0) {
    do {
      count = read(ends[0], isa, sizeof *isa);
    } while (count < 0 && errno == EINTR);
    while (waitpid(child, 0, 0) < 0 && errno == EINTR) {
    }
  }
  close(ends[0]);
  return count == (ssize_t)sizeof *isa;
}

#endif
