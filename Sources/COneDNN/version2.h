// oneDNN 2: memory descriptors are structs, and a primitive is planned from an operation descriptor.

#include <stdlib.h>

// The oneDNN descriptor that the handle points to, allocated by conednn_layout_copy_value.
static inline dnnl_memory_desc_t *conednn_layout_value(conednn_layout_t layout) { return (dnnl_memory_desc_t *)layout; }

static inline dnnl_status_t conednn_layout_copy_value(conednn_layout_t *layout, const dnnl_memory_desc_t *value) {
  dnnl_memory_desc_t *copy = (dnnl_memory_desc_t *)malloc(sizeof *copy);
  if (!copy) return dnnl_out_of_memory;
  *copy = *value;
  *layout = (conednn_layout_t)copy;
  return dnnl_success;
}

static inline dnnl_status_t conednn_layout_create(
    conednn_layout_t *layout, int rank, const dnnl_dim_t *extents, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  dnnl_memory_desc_t value;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(&value, rank, extents, type, tag);
  return status == dnnl_success ? conednn_layout_copy_value(layout, &value) : status;
}

static inline void conednn_layout_destroy(conednn_layout_t layout) { free(layout); }

// The memory descriptor that a plan uses for one of its arguments, owned by the caller.
static inline dnnl_status_t conednn_layout_of_plan(
    conednn_layout_t *layout, const_dnnl_primitive_desc_t plan, dnnl_query_t argument) {
  const dnnl_memory_desc_t *value = dnnl_primitive_desc_query_md(plan, argument, 0);
  return value ? conednn_layout_copy_value(layout, value) : dnnl_invalid_arguments;
}

static inline size_t conednn_layout_byte_count(conednn_layout_t layout) {
  return dnnl_memory_desc_get_size(conednn_layout_value(layout));
}

static inline dnnl_data_type_t conednn_layout_type(conednn_layout_t layout) {
  return conednn_layout_value(layout)->data_type;
}

// The number of channels that are adjacent in memory, for a descriptor of four extents.
static inline dnnl_dim_t conednn_layout_channel_block(conednn_layout_t layout) {
  const dnnl_memory_desc_t *value = conednn_layout_value(layout);
  const dnnl_blocking_desc_t *blocking = &value->format_desc.blocking;
  if (blocking->inner_nblks == 1 && blocking->inner_idxs[0] == 1) return blocking->inner_blks[0];
  return blocking->strides[1] == 1 ? value->dims[1] : 1;
}

// Plans (primitive descriptors), owned by the caller; `hint` is the plan of the forward pass.

static inline dnnl_status_t conednn_convolution_forward_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, dnnl_prop_kind_t kind,
    conednn_layout_t source, conednn_layout_t weights, conednn_layout_t destination, conednn_window_t window) {
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_forward_desc_init(
      &operation, kind, dnnl_convolution_direct, conednn_layout_value(source), conednn_layout_value(weights), NULL,
      conednn_layout_value(destination), window.strides, window.padding_before, window.padding_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(plan, &operation, attributes, engine, NULL);
}

static inline dnnl_status_t conednn_convolution_input_gradient_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, conednn_layout_t source,
    conednn_layout_t weights, conednn_layout_t destination, conednn_window_t window, const_dnnl_primitive_desc_t hint) {
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_backward_data_desc_init(
      &operation, dnnl_convolution_direct, conednn_layout_value(source), conednn_layout_value(weights),
      conednn_layout_value(destination), window.strides, window.padding_before, window.padding_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(plan, &operation, attributes, engine, hint);
}

static inline dnnl_status_t conednn_convolution_weight_gradient_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, conednn_layout_t source,
    conednn_layout_t weights, conednn_layout_t destination, conednn_window_t window, const_dnnl_primitive_desc_t hint) {
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_backward_weights_desc_init(
      &operation, dnnl_convolution_direct, conednn_layout_value(source), conednn_layout_value(weights), NULL,
      conednn_layout_value(destination), window.strides, window.padding_before, window.padding_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(plan, &operation, attributes, engine, hint);
}

static inline dnnl_status_t conednn_pooling_forward_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, dnnl_prop_kind_t kind,
    dnnl_alg_kind_t algorithm, conednn_layout_t source, conednn_layout_t destination, conednn_window_t window) {
  dnnl_pooling_desc_t operation;
  dnnl_status_t status = dnnl_pooling_forward_desc_init(
      &operation, kind, algorithm, conednn_layout_value(source), conednn_layout_value(destination), window.strides,
      window.kernel, window.padding_before, window.padding_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(plan, &operation, attributes, engine, NULL);
}

static inline dnnl_status_t conednn_pooling_backward_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, dnnl_alg_kind_t algorithm,
    conednn_layout_t source, conednn_layout_t destination, conednn_window_t window, const_dnnl_primitive_desc_t hint) {
  dnnl_pooling_desc_t operation;
  dnnl_status_t status = dnnl_pooling_backward_desc_init(
      &operation, algorithm, conednn_layout_value(source), conednn_layout_value(destination), window.strides,
      window.kernel, window.padding_before, window.padding_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(plan, &operation, attributes, engine, hint);
}
