// The last file that a path includes: its functions by name.

static const KernelTable path_table = {
    .lanes = LANES,
    .winograd_scratch_count = winograd_scratch_count,
    .winograd_weight_count = winograd_weight_count,
    .winograd_gradient_count = winograd_gradient_count,
    .winograd_pack_weights = winograd_pack_weights,
    .winograd_convolve = winograd_convolve,
    .winograd_weight_gradient = winograd_weight_gradient,
    .channel_sums = channel_sums,
    .normalize_relu = normalize_relu,
    .normalize_add_relu = normalize_add_relu,
    .relu_gradient = relu_gradient,
    .gradient_sums = gradient_sums,
    .normalize_gradient = normalize_gradient,
    .largest_element = largest_element,
    .exponential_sum = exponential_sum,
    .contrastive_factors = contrastive_factors,
    .contrastive_mode_factors = contrastive_mode_factors,
    .select_pairs = select_pairs,
    .log_sigmoids = log_sigmoids,
    .finite_sum = finite_sum,
};
