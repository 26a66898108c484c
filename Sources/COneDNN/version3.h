// oneDNN 3: memory descriptors are opaque and owned, and a primitive is planned in one call.

static inline dnnl_memory_desc_t conednn_layout_value(conednn_layout_t layout) { return (dnnl_memory_desc_t)layout; }

static inline dnnl_status_t conednn_layout_create(
    conednn_layout_t *layout, int rank, const dnnl_dim_t *extents, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  dnnl_memory_desc_t value;
  dnnl_status_t status = dnnl_memory_desc_create_with_tag(&value, rank, extents, type, tag);
  if (status == dnnl_success) *layout = (conednn_layout_t)value;
  return status;
}

static inline void conednn_layout_destroy(conednn_layout_t layout) {
  dnnl_memory_desc_destroy(conednn_layout_value(layout));
}

// The memory descriptor that a plan uses for one of its arguments, owned by the caller.
static inline dnnl_status_t conednn_layout_of_plan(
    conednn_layout_t *layout, const_dnnl_primitive_desc_t plan, dnnl_query_t argument) {
  // The queried descriptor belongs to the plan and is copied.
  const_dnnl_memory_desc_t value = dnnl_primitive_desc_query_md(plan, argument, 0);
  if (!value) return dnnl_invalid_arguments;
  dnnl_memory_desc_t copy;
  dnnl_status_t status = dnnl_memory_desc_clone(&copy, value);
  if (status == dnnl_success) *layout = (conednn_layout_t)copy;
  return status;
}

static inline size_t conednn_layout_byte_count(conednn_layout_t layout) {
  return dnnl_memory_desc_get_size(conednn_layout_value(layout));
}

static inline dnnl_data_type_t conednn_layout_type(conednn_layout_t layout) {
  dnnl_data_type_t type = dnnl_data_type_undef;
  dnnl_memory_desc_query(conednn_layout_value(layout), dnnl_query_data_type, &type);
  return type;
}

// The number of channels that are adjacent in memory, for a descriptor of four extents.
static inline dnnl_dim_t conednn_layout_channel_block(conednn_layout_t layout) {
  const_dnnl_memory_desc_t value = conednn_layout_value(layout);
  int block_count = 0;
  const dnnl_dims_t *blocks, *indices, *strides, *extents;
  dnnl_memory_desc_query(value, dnnl_query_inner_nblks_s32, &block_count);
  if (block_count == 1 && dnnl_memory_desc_query(value, dnnl_query_inner_idxs, &indices) == dnnl_success
      && (*indices)[0] == 1 && dnnl_memory_desc_query(value, dnnl_query_inner_blks, &blocks) == dnnl_success) {
    return (*blocks)[0];
  }
  if (dnnl_memory_desc_query(value, dnnl_query_strides, &strides) == dnnl_success && (*strides)[1] == 1
      && dnnl_memory_desc_query(value, dnnl_query_dims, &extents) == dnnl_success) {
    return (*extents)[1];
  }
  return 1;
}

// Plans (primitive descriptors), owned by the caller; `hint` is the plan of the forward pass.

static inline dnnl_status_t conednn_convolution_forward_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, dnnl_prop_kind_t kind,
    conednn_layout_t source, conednn_layout_t weights, conednn_layout_t destination, conednn_window_t window) {
  return dnnl_convolution_forward_primitive_desc_create(
      plan, engine, kind, dnnl_convolution_direct, conednn_layout_value(source), conednn_layout_value(weights), NULL,
      conednn_layout_value(destination), window.strides, NULL, window.padding_before, window.padding_after, attributes);
}

static inline dnnl_status_t conednn_convolution_input_gradient_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, conednn_layout_t source,
    conednn_layout_t weights, conednn_layout_t destination, conednn_window_t window, const_dnnl_primitive_desc_t hint) {
  return dnnl_convolution_backward_data_primitive_desc_create(
      plan, engine, dnnl_convolution_direct, conednn_layout_value(source), conednn_layout_value(weights),
      conednn_layout_value(destination), window.strides, NULL, window.padding_before, window.padding_after, hint,
      attributes);
}

static inline dnnl_status_t conednn_convolution_weight_gradient_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, conednn_layout_t source,
    conednn_layout_t weights, conednn_layout_t destination, conednn_window_t window, const_dnnl_primitive_desc_t hint) {
  return dnnl_convolution_backward_weights_primitive_desc_create(
      plan, engine, dnnl_convolution_direct, conednn_layout_value(source), conednn_layout_value(weights), NULL,
      conednn_layout_value(destination), window.strides, NULL, window.padding_before, window.padding_after, hint,
      attributes);
}

static inline dnnl_status_t conednn_pooling_forward_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, dnnl_prop_kind_t kind,
    dnnl_alg_kind_t algorithm, conednn_layout_t source, conednn_layout_t destination, conednn_window_t window) {
  const dnnl_dims_t no_dilation = {0, 0};
  return dnnl_pooling_forward_primitive_desc_create(
      plan, engine, kind, algorithm, conednn_layout_value(source), conednn_layout_value(destination), window.strides,
      window.kernel, no_dilation, window.padding_before, window.padding_after, attributes);
}

static inline dnnl_status_t conednn_pooling_backward_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, dnnl_primitive_attr_t attributes, dnnl_alg_kind_t algorithm,
    conednn_layout_t source, conednn_layout_t destination, conednn_window_t window, const_dnnl_primitive_desc_t hint) {
  const dnnl_dims_t no_dilation = {0, 0};
  return dnnl_pooling_backward_primitive_desc_create(
      plan, engine, algorithm, conednn_layout_value(source), conednn_layout_value(destination), window.strides,
      window.kernel, no_dilation, window.padding_before, window.padding_after, hint, attributes);
}
