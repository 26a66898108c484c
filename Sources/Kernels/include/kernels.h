/// The hot loops that no library offers, compiled for several instruction sets ("paths").
///
/// `kernels_best_path` returns the best path of this CPU under the limit, `kernels_of` the table of a path's functions. Between paths results
/// differ in the last bits (fused multiply-add), except those of images, so all ranks of a job must use one path.
///
/// Feature maps are stored in blocks of channels: `[image][channel / block][pixel][channel % block]`; `block` is a multiple of the path's
/// `lanes`. Elements are float32 or bfloat16; arithmetic is float32. No function allocates memory or keeps state, and every call runs on
/// the calling thread. Pointers are not null unless marked `_Nullable`; output arrays do not overlap inputs unless a comment permits it.

#ifndef KERNELS_H
#define KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// An instruction set that the loops are compiled for, each including the ones before.
typedef enum {
  KERNEL_PATH_BASELINE,
  KERNEL_PATH_AVX2,
  KERNEL_PATH_AVX512,
  KERNEL_PATH_AVX512_BFLOAT16,
} KernelPath;

/// The maker of a CPU.
typedef enum { KERNEL_VENDOR_OTHER, KERNEL_VENDOR_INTEL, KERNEL_VENDOR_AMD } KernelVendor;

// MARK: - Types of feature maps

/// The type of the elements of feature maps.
typedef enum { KERNEL_FLOAT32, KERNEL_BFLOAT16 } KernelElement;

/// The extents of a batch of feature maps.
typedef struct {
  int images;
  int channels;
  int pixels;
  int block;
} KernelMaps;

/// A 3×3 convolution of stride 1 with padding 1, `[images, inputs, height, width]` → `[images, outputs, height, width]`.
///
/// `inputs` and `outputs` are multiples of `block`.
typedef struct {
  int images;
  int inputs;
  int outputs;
  int height;
  int width;
  int block;
  /// The type of the factors of the products: bfloat16 only for feature maps of bfloat16, and only where the path multiplies them.
  KernelElement products;
} KernelConvolution;

// MARK: - Types of the loss

/// One row of the contrastive loss, as anchor.
typedef struct {
  /// The logarithm of the sum in the row's denominators: over all other rows ℓ_i = log Σ_{a≠i} e^{s_ia}.
  float log_sum_exp;
  /// w_i: what the row's loss is multiplied with; with one positive in the denominator, what its negatives' part of it is.
  float anchor_weight;
  /// w_i ÷ number of its positives, 0 if there is none; w_i where positives are summed inside the logarithm.
  float positive_weight;
  /// Rows of the same class are positives of each other, unless a cap leaves some out.
  int32_t class_number;
  /// Inside the logarithm: the logarithm of the sum of the positives' terms.
  float positive_log_sum;
  /// The number of the row's sample in its class.
  int32_t sample_number;
} KernelLossRow;

/// The same values of a block of rows, as contrasts.
typedef struct {
  const float *log_sum_exps;
  const float *anchor_weights;
  const float *positive_weights;
  const int32_t *class_numbers;
  const float *positive_log_sums;
  const int32_t *sample_numbers;
} KernelLossColumns;

/// The place of the sum over positives: outside the logarithm or inside it.
typedef enum { KERNEL_SUM_OUTSIDE, KERNEL_SUM_INSIDE } KernelSummation;

/// The terms of the denominators.
typedef enum { KERNEL_DENOMINATOR_ALL, KERNEL_DENOMINATOR_ONE_POSITIVE, KERNEL_DENOMINATOR_NEGATIVES } KernelDenominator;

/// A selection among the other rows of an anchor.
typedef enum { KERNEL_POSITIVES = 1, KERNEL_NEGATIVES = 2, KERNEL_POSITIVES_AND_NEGATIVES = 3 } KernelSelection;

/// The mode of a contrastive loss.
typedef struct {
  KernelSummation summation;
  KernelDenominator denominator;
  /// The maximum number of samples of its class that an anchor has as positives in addition to its own sample: the first ones.
  int32_t kept_samples;
} KernelLossMode;

// MARK: - Types of images

/// An image of 8 bits a channel: a plane of red, one of green and one of blue, one after another.
typedef struct {
  const uint8_t *planes;
  int width;
  int height;
} KernelImage;

/// A part of an image; it may extend beyond its edges.
typedef struct {
  int top;
  int left;
  int width;
  int height;
} KernelWindow;

/// The filter of one axis of a resized image: each row or column is a weighted sum of `taps` neighboring ones from `starts[i]` on.
typedef struct {
  /// The number of rows or columns of the result.
  int count;
  int taps;
  /// The first that any sum uses, and the one after the last: `starts[i] + taps <= end`.
  int begin;
  int end;
  const int32_t *starts;
  /// `[(count + 3) / 4, taps, 4]`, multiples of 2⁻²²: those of four neighbors side by side.
  const int32_t *weights;
} KernelFilter;

// MARK: - The table

/// The functions of one path.
typedef struct {
  /// The number of neighboring channels that are computed at once.
  int lanes;

  // MARK: Winograd convolution (winograd.h)

  /// The number of floats of scratch memory for a convolution's passes, zeroed once by the caller.
  size_t (*winograd_scratch_count)(KernelConvolution shape);

  /// The number of floats of the transformed weights.
  size_t (*winograd_weight_count)(KernelConvolution shape);

  /// The number of floats of scratch memory for a weight gradient, in addition to `winograd_scratch_count`.
  size_t (*winograd_gradient_count)(KernelConvolution shape);

  /// `u` ← transformed weights from row-major `[outputs, inputs, 3, 3]`.
  ///
  /// `is_rotated`: for the gradient of the input; `weights` are then `[inputs, outputs, 3, 3]` in the terms of `shape`, which has
  /// inputs and outputs exchanged.
  void (*winograd_pack_weights)(KernelConvolution shape, const float *weights, int is_rotated, float *u);

  /// `destination` ← `source` convolved with the transformed weights `u`.
  ///
  /// Unless `sums` is null, adds Σ and Σ of squares of the outputs to `[2, outputs]`.
  void (*winograd_convolve)(
      KernelConvolution shape, KernelElement element, const void *source, const float *u, void *destination,
      float *scratch, double *_Nullable sums);

  /// `gradient` ← gradient of the weights, row-major `[outputs, inputs, 3, 3]`. `u`: scratch, `winograd_gradient_count` floats.
  void (*winograd_weight_gradient)(
      KernelConvolution shape, KernelElement element, const void *source, const void *output_gradient, float *u,
      float *scratch, float *gradient);

  // MARK: Batch normalization and ReLU (normalization.h)

  /// `sums[2, channels]` += Σ y, Σ y².
  void (*channel_sums)(KernelMaps maps, KernelElement element, const void *y, double *sums);

  /// `output` ← max(0, scale · y + shift).
  void (*normalize_relu)(
      KernelMaps maps, KernelElement element, const void *y, const float *scale, const float *shift, void *output);

  /// `output` ← max(0, scale · y + shift + s), with s = `shortcut`, or its own scale and shift applied where these are not null.
  void (*normalize_add_relu)(
      KernelMaps maps, KernelElement element, const void *y, const float *scale, const float *shift,
      const void *shortcut, const float *_Nullable shortcut_scale, const float *_Nullable shortcut_shift, void *output);

  /// The gradient of a ReLU's input, and the sums that the gradient of the normalization before it needs.
  ///
  /// `masked` ← (`gradient` + `addend`) where the ReLU's output was positive, else 0; `addend` may be null. That output is `output`
  /// or, where this is null, scale · y + shift. `sums[2, channels]` += Σ masked, Σ masked · (y − mean). `masked` may be `gradient` or `addend`.
  void (*relu_gradient)(
      KernelMaps maps, KernelElement element, const void *gradient, const void *_Nullable addend,
      const void *_Nullable output, const void *y, const float *_Nullable scale, const float *_Nullable shift,
      const float *mean, void *masked, double *sums);

  /// `sums[2, channels]` += Σ gradient, Σ gradient · (y − mean).
  void (*gradient_sums)(
      KernelMaps maps, KernelElement element, const void *gradient, const void *y, const float *mean, double *sums);

  /// `input_gradient` ← a · gradient + b · y + c, which may be `gradient`.
  void (*normalize_gradient)(
      KernelMaps maps, KernelElement element, const void *gradient, const void *y, const float *a, const float *b,
      const float *c, void *input_gradient);

  // MARK: Contrastive loss (contrastive.h)

  /// The largest of `least` and `count` elements; NaN is passed over.
  float (*largest_element)(const float *elements, size_t count, float least);

  /// Σ e^(x − shift) over `count` elements x, none of which is larger than `shift`; NaN if one of them is.
  ///
  /// Each term is right to about 1.2·10⁻⁷, or below e^−87 to 10⁻³⁸.
  double (*exponential_sum)(const float *elements, size_t count, float shift);

  /// Replaces the similarities s_ij of row i by G_ij + G_ji, the derivatives of the loss by s_ij as a term of anchor i and of anchor j:
  /// w_i e^(s_ij − ℓ_i) + w_j e^(s_ij − ℓ_j) − [same class] (w_i/|P(i)| + w_j/|P(j)|),
  /// where ℓ is `log_sum_exp`, w `anchor_weight` and w/|P| `positive_weight`.
  ///
  /// The element of row i itself is arbitrary afterwards; the caller sets it to 0.
  void (*contrastive_factors)(float *line, size_t count, KernelLossRow row, KernelLossColumns columns);

  // MARK: Modes of the contrastive loss (contrastive_modes.h)

  /// `contrastive_factors` in any mode of the loss; where positives are capped, j may be a positive of i and i not one of j.
  void (*contrastive_mode_factors)(
      float *line, size_t count, KernelLossRow row, KernelLossColumns columns, KernelLossMode mode);

  /// `selected` ← the similarities of a row to the columns that are its positives, its negatives, or both; −∞ for all others.
  ///
  /// The row itself counts as a positive. `selected` may be `line`.
  void (*select_pairs)(
      const float *line, size_t count, int32_t class_number, int32_t sample_number, const int32_t *class_numbers,
      const int32_t *sample_numbers, int32_t kept_samples, KernelSelection selection, float *selected);

  /// `line` ← log σ(x − shift); `complements` ← log σ(shift − x), plus log σ(x − shift) if `is_product`; −∞ stays −∞ in both.
  void (*log_sigmoids)(float *line, size_t count, float shift, int is_product, float *complements);

  /// The sum of the elements other than −∞.
  double (*finite_sum)(const float *elements, size_t count);

  // MARK: Images (image_planes.h, image_resample.h, image_colors.h, image_filters.h)
  //
  // Every path gives the same bits. `count`: pixels of a plane, or levels where that is the parameter's name.

  /// Pixels `[count, 3]` → planes `[3, count]`.
  void (*image_unpack)(const uint8_t *pixels, size_t count, uint8_t *planes);

  /// Planes `[3, count]` → pixels `[count, 3]`.
  void (*image_pack)(const uint8_t *planes, size_t count, uint8_t *pixels);

  /// The window of an image, `fill` where that is outside.
  void (*image_window)(KernelImage image, KernelWindow window, uint8_t fill, uint8_t *result);

  /// Left and right exchanged.
  void (*image_mirror)(KernelImage image, uint8_t *result);

  /// Pixel (x, y) is the one at (m0 x + m1 y + m2, m3 x + m4 y + m5), or `fill`; multiples of 2⁻¹⁶, of which the whole part counts.
  void (*image_affine)(KernelImage image, const int32_t *matrix, uint8_t fill, uint8_t *result);

  /// `view[channel · channel_stride + pixel · pixel_stride]` ← `levels[channel][level]`, where `levels` is `[3, 256]`.
  void (*image_view)(
      const uint8_t *planes, size_t count, const float *levels, float *view, size_t channel_stride, size_t pixel_stride);

  /// The number of bytes of scratch memory for resizing.
  size_t (*image_resample_scratch_count)(KernelFilter columns, KernelFilter rows);

  /// Planes `[3, rows.count, columns.count]` from pixels `[rows.end, columns.end, 3]`, rows `row_stride` bytes apart.
  void (*image_resample)(
      const uint8_t *pixels, size_t row_stride, KernelFilter columns, KernelFilter rows, uint8_t *scratch,
      uint8_t *planes);

  /// Levels ← base + factor · (level − base), cut to 0…255, rounded down.
  void (*image_blend_constant)(uint8_t *levels, size_t count, uint8_t base, float factor);

  /// The same with each pixel's luminance as the base.
  void (*image_blend_luminance)(uint8_t *planes, size_t count, float factor);

  /// Each pixel's luminance in all channels.
  void (*image_grayscale)(uint8_t *planes, size_t count);

  /// The sum of all pixels' luminances.
  uint64_t (*image_luminance_sum)(const uint8_t *planes, size_t count);

  /// Hues + `shift` of 256 parts of a turn.
  void (*image_shift_hue)(uint8_t *planes, size_t count, uint8_t shift);

  /// The same as `image_blend_constant` with the smoothed image as the base: 3×3, the center five times. Edges stay.
  void (*image_sharpen)(KernelImage image, float factor, uint8_t *result);

  /// 255 − level from `threshold` on.
  void (*image_solarize)(uint8_t *levels, size_t count, int threshold);

  /// Level + addition, cut to 0…255, below `threshold`.
  void (*image_solarize_add)(uint8_t *levels, size_t count, int addition, int threshold);

  /// Level & mask.
  void (*image_posterize)(uint8_t *levels, size_t count, uint8_t mask);

  /// Stretches the levels of each channel to 0…255.
  void (*image_stretch)(uint8_t *planes, size_t count);

  /// Makes the histogram of each channel as even as a table of levels can.
  void (*image_equalize)(uint8_t *planes, size_t count);

  /// The number of floats of scratch memory for a blur.
  size_t (*image_blur_scratch_count)(int width, int height, int taps);

  /// Convolves rows and columns with an odd number of weights; beyond the edges lies the level `outside` or, if that is negative,
  /// the image mirrored at its edge pixels. Rounds halves up.
  void (*image_blur)(
      KernelImage image, const float *weights, int taps, float outside, float *scratch, uint8_t *result);
} KernelTable;

/// The best path that this CPU and its operating system run.
KernelPath kernels_cpu_path(void);

/// The best path of this CPU that is not above the limit.
KernelPath kernels_best_path(void);

/// Limits `kernels_best_path` in this process. Set it before the first use of a path; there is no limit at first.
void kernels_limit(KernelPath path);

/// The maker of this CPU.
KernelVendor kernels_cpu_vendor(void);

/// A path's name as `supcon doctor` prints it.
const char *kernels_name(KernelPath path);

/// The functions of a path; calling one on a CPU without its instructions ends the program.
const KernelTable *kernels_of(KernelPath path);

#pragma clang assume_nonnull end

#endif
