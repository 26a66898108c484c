// The table of a path's functions, in the order of kernels.h; the last header that a path includes.

static const KernelTable path_table = {
    .lanes = LANES,

    // Convolution
    .winograd =
        {
            .scratch_count = winograd_scratch_count,
            .weight_count = winograd_weight_count,
            .gradient_count = winograd_gradient_count,
            .pack_weights = winograd_pack_weights,
            .convolve = winograd_convolve,
            .weight_gradient = winograd_weight_gradient,
        },
    .patches =
        {
            .scratch_count = patch_scratch_count,
            .weight_count = patch_weight_count,
            .gradient_count = patch_weight_count,
            .pack_weights = patch_pack_weights,
            .convolve = patch_convolve,
            .weight_gradient = patch_weight_gradient,
        },

    // Batch normalization and ReLU
    .channel_sums = channel_sums,
    .normalize_relu = normalize_relu,
    .normalize_add_relu = normalize_add_relu,
    .relu_gradient = relu_gradient,
    .gradient_sums = gradient_sums,
    .normalize_gradient = normalize_gradient,

    // Contrastive loss
    .largest_element = largest_element,
    .exponential_sum = exponential_sum,
    .contrastive_factors = contrastive_factors,

    // Variants of the contrastive loss
    .contrastive_mode_factors = contrastive_mode_factors,
    .select_pairs = select_pairs,
    .log_sigmoids = log_sigmoids,
    .finite_sum = finite_sum,

    // Images
    .image_unpack = image_unpack,
    .image_pack = image_pack,
    .image_window = image_window,
    .image_mirror = image_mirror,
    .image_affine = image_affine,
    .image_view = image_view,
    .image_resample_scratch_count = image_resample_scratch_count,
    .image_resample = image_resample,
    .image_blend_constant = image_blend_constant,
    .image_blend_luminance = image_blend_luminance,
    .image_grayscale = image_grayscale,
    .image_luminance_sum = image_luminance_sum,
    .image_shift_hue = image_shift_hue,
    .image_sharpen = image_sharpen,
    .image_solarize = image_solarize,
    .image_solarize_add = image_solarize_add,
    .image_posterize = image_posterize,
    .image_stretch = image_stretch,
    .image_equalize = image_equalize,
    .image_blur_scratch_count = image_blur_scratch_count,
    .image_blur = image_blur,
};
