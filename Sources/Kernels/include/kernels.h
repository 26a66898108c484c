/// C functions for the innermost loops that no library offers, each compiled for several instruction sets.
///
/// A "path" is the compilation for one instruction set. `kernels_best_path` returns the best path of this CPU below the
/// limit, `kernels_of` the table of a path's functions. Results of different paths differ in the last bits (fused
/// multiply-add), except for images; all ranks of a job must therefore use one path.
///
/// Feature maps are stored in blocks of channels: `[image][channel / block][pixel][channel % block]`; `block` is a
/// multiple of the path's `lanes`. Elements are float32 or bfloat16; arithmetic is float32. No function allocates
/// memory or has state, and every call runs on the calling thread. Pointers are not null unless marked `_Nullable`;
/// output arrays do not overlap inputs unless a comment permits it.

#ifndef KERNELS_H
#define KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// An instruction set for which the functions are compiled; each includes the instructions of those before it.
typedef enum {
  KERNEL_PATH_BASELINE,
  KERNEL_PATH_AVX2,
  KERNEL_PATH_AVX512,
  /// AVX-512 with conversions to bfloat16: products are computed in float32 for any type of the feature maps, which is
  /// faster on Intel CPUs without AMX.
  KERNEL_PATH_AVX512_BFLOAT16_MAPS,
  /// AVX-512 with conversions to and products of bfloat16 numbers.
  KERNEL_PATH_AVX512_BFLOAT16,
} KernelPath;

/// The manufacturer of a CPU.
typedef enum { KERNEL_VENDOR_OTHER, KERNEL_VENDOR_INTEL, KERNEL_VENDOR_AMD } KernelVendor;

// MARK: - Types of feature maps

/// The type of the elements of feature maps.
typedef enum { KERNEL_FLOAT32, KERNEL_BFLOAT16 } KernelElement;

/// The shape and memory layout of a batch of feature maps.
typedef struct {
  int images;
  int channels;
  /// The number of pixels of one map, height · width.
  int pixels;
  /// The number of neighboring channels that are adjacent in memory; it divides `channels`.
  int block;
} KernelMaps;

/// A convolution of one pass, `[images, inputs, height, width]` →
/// `[images, outputs, ⌈height / stride⌉, ⌈width / stride⌉]`, with a kernel of 1×1 or 3×3, a stride of 1 or 2, and
/// padding of half the kernel; or, transposed, the gradient of such a convolution's input.
///
/// `inputs` and `outputs`, the numbers of channels that are read and written, are multiples of `block`.
typedef struct {
  int images;
  int inputs;
  int outputs;
  /// The size of the maps on the side that has no stride: those that are read or, transposed, those that are written.
  int height;
  int width;
  int block;
  int kernel;
  int stride;
  /// 1 for the gradient of the input: `inputs` are then the outputs of the convolution, and `outputs` its inputs.
  int is_transposed;
  /// The type in which products are computed: bfloat16 only for bfloat16 feature maps on paths with bfloat16
  /// multiplication.
  KernelElement products;
} KernelConvolution;

// MARK: - Types of the loss

/// The values of one row i of the similarity matrix, as anchor, that the gradient of the contrastive loss needs.
typedef struct {
  /// The logarithm of the denominator of the row's loss; in the standard loss, over all other rows,
  /// ℓ_i = log Σ_{a≠i} e^{s_ia}.
  float log_sum_exp;
  /// w_i, the weight of the row's loss in the mean; with one positive per denominator, times the share of the
  /// negatives.
  float anchor_weight;
  /// w_i ÷ number of the row's positives, 0 if there are none; w_i if positives are summed inside the logarithm.
  float positive_weight;
  /// The row's class; rows of the same class are positives of each other, unless their number is limited.
  int32_t class_number;
  /// The logarithm of the sum of the positives' terms, if positives are summed inside the logarithm.
  float positive_log_sum;
  /// The index of the row's sample within its class.
  int32_t sample_number;
} KernelLossRow;

/// The same values for a block of columns (contrasts).
typedef struct {
  const float *log_sum_exps;
  const float *anchor_weights;
  const float *positive_weights;
  const int32_t *class_numbers;
  const float *positive_log_sums;
  const int32_t *sample_numbers;
} KernelLossColumns;

/// The position of the sum over positives: outside or inside the logarithm.
typedef enum { KERNEL_SUM_OUTSIDE, KERNEL_SUM_INSIDE } KernelSummation;

/// The terms in the denominators.
typedef enum {
  KERNEL_DENOMINATOR_ALL,
  KERNEL_DENOMINATOR_ONE_POSITIVE,
  KERNEL_DENOMINATOR_NEGATIVES,
} KernelDenominator;

/// A subset of the rows other than an anchor.
typedef enum { KERNEL_POSITIVES = 1, KERNEL_NEGATIVES = 2, KERNEL_POSITIVES_AND_NEGATIVES = 3 } KernelSelection;

/// The variant of the contrastive loss.
typedef struct {
  KernelSummation summation;
  KernelDenominator denominator;
  /// The largest number of samples, the first of the anchor's class, whose views are positives in addition to those of
  /// the anchor's own sample.
  int32_t kept_samples;
} KernelLossMode;

// MARK: - Types of images

/// An image of 8 bits per channel, stored as a red, a green and a blue plane one after the other.
typedef struct {
  const uint8_t *planes;
  int width;
  int height;
} KernelImage;

/// A rectangle in an image; it may extend beyond the image's edges.
typedef struct {
  int top;
  int left;
  int width;
  int height;
} KernelWindow;

/// The weights for resizing an image along one axis: each line (row or column) of the result is a weighted sum of
/// `taps` neighboring source lines, beginning with line `starts[i]`.
typedef struct {
  /// The number of lines of the result.
  int count;
  int taps;
  /// The first source line that is used, and the one after the last: `starts[i] + taps <= end`.
  int begin;
  int end;
  const int32_t *starts;
  /// `[(count + 3) / 4, taps, 4]`, in multiples of 2⁻²²; the weights of four neighboring result lines are adjacent.
  const int32_t *weights;
} KernelFilter;

/// A method to compute convolutions: its passes.
typedef struct {
  /// Returns the number of floats of scratch memory for a pass; the caller sets the memory to zero once.
  size_t (*scratch_count)(KernelConvolution shape);

  /// Returns the number of floats of the packed weights.
  size_t (*weight_count)(KernelConvolution shape);

  /// Returns the number of floats of scratch memory for a weight gradient, in addition to `scratch_count`.
  size_t (*gradient_count)(KernelConvolution shape);

  /// `u` ← packed weights from row-major `[outputs, inputs, kernel, kernel]`, transposed
  /// `[inputs, outputs, kernel, kernel]`.
  void (*pack_weights)(KernelConvolution shape, const float *weights, float *u);

  /// `destination` ← `source` convolved with the packed weights `u`.
  ///
  /// Unless `sums` is null, also adds the sum and the sum of squares of each output channel, before rounding to
  /// bfloat16, to `[2, outputs]`.
  void (*convolve)(
      KernelConvolution shape, KernelElement element, const void *source, const float *u, void *destination,
      float *scratch, double *_Nullable sums);

  /// `gradient` ← gradient of the weights of a convolution that is not transposed, row-major
  /// `[outputs, inputs, kernel, kernel]`; `u` is scratch memory of `gradient_count` floats.
  void (*weight_gradient)(
      KernelConvolution shape, KernelElement element, const void *source, const void *output_gradient, float *u,
      float *scratch, float *gradient);
} KernelConvolutionMethod;

// MARK: - The table

/// The table of one path's functions.
typedef struct {
  /// The number of neighboring channels that are computed at once, in one vector.
  int lanes;

  // MARK: Convolution

  /// Winograd's method for 3×3 convolutions with stride 1 (winograd.h).
  KernelConvolutionMethod winograd;

  /// Matrix products of patches (patches.h): the convolution in float32 whatever `products` says.
  KernelConvolutionMethod patches;

  // MARK: Batch normalization and ReLU (normalization.h)

  /// `sums[2, channels]` += Σ y, Σ y².
  void (*channel_sums)(KernelMaps maps, KernelElement element, const void *y, double *sums);

  /// `output` ← max(0, scale · y + shift).
  void (*normalize_relu)(
      KernelMaps maps, KernelElement element, const void *y, const float *scale, const float *shift, void *output);

  /// `output` ← max(0, scale · y + shift + s), where s is `shortcut`, or shortcut_scale · shortcut + shortcut_shift if
  /// these are not null.
  void (*normalize_add_relu)(
      KernelMaps maps, KernelElement element, const void *y, const float *scale, const float *shift,
      const void *shortcut, const float *_Nullable shortcut_scale, const float *_Nullable shortcut_shift, void *output);

  /// Computes the gradient of a ReLU's input, and the sums for the gradient of the normalization before it.
  ///
  /// `masked` ← `gradient` + `addend` where the ReLU's output was positive, else 0; `addend` may be null. The ReLU's
  /// output is `output` or, if that is null, scale · y + shift. `sums[2, channels]` += Σ masked, Σ masked · (y − mean).
  /// `masked` may be the same array as `gradient` or `addend`.
  void (*relu_gradient)(
      KernelMaps maps, KernelElement element, const void *gradient, const void *_Nullable addend,
      const void *_Nullable output, const void *y, const float *_Nullable scale, const float *_Nullable shift,
      const float *mean, void *masked, double *sums);

  /// `sums[2, channels]` += Σ gradient, Σ gradient · (y − mean).
  void (*gradient_sums)(
      KernelMaps maps, KernelElement element, const void *gradient, const void *y, const float *mean, double *sums);

  /// `input_gradient` ← a · gradient + b · y + c; it may be the same array as `gradient`.
  void (*normalize_gradient)(
      KernelMaps maps, KernelElement element, const void *gradient, const void *y, const float *a, const float *b,
      const float *c, void *input_gradient);

  // MARK: Contrastive loss (contrastive.h)

  /// Returns the largest of `least` and `count` elements; NaN is ignored, since `exponential_sum` returns it.
  float (*largest_element)(const float *elements, size_t count, float least);

  /// Returns Σ e^(x − shift) over `count` elements x, none of which is larger than `shift`; NaN if an element is NaN.
  ///
  /// The relative error of each term is about 1.2·10⁻⁷; terms below e^−87 have an absolute error of 10⁻³⁸.
  double (*exponential_sum)(const float *elements, size_t count, float shift);

  /// Replaces the similarities s_ij of row i by G_ij + G_ji, the derivatives of the loss by s_ij as a term of anchor i
  /// and of anchor j:
  ///
  ///     w_i e^(s_ij − ℓ_i) + w_j e^(s_ij − ℓ_j) − [same class] (w_i/|P(i)| + w_j/|P(j)|)
  ///
  /// where ℓ is `log_sum_exp`, w `anchor_weight` and w/|P| `positive_weight`.
  ///
  /// Afterwards the element of row i itself is meaningless; the caller sets it to 0.
  void (*contrastive_factors)(float *line, size_t count, KernelLossRow row, KernelLossColumns columns);

  // MARK: Variants of the contrastive loss (contrastive_modes.h)

  /// Computes `contrastive_factors` for any variant of the loss; with a limit, j can be a positive of i although i is
  /// not a positive of j.
  void (*contrastive_mode_factors)(
      float *line, size_t count, KernelLossRow row, KernelLossColumns columns, KernelLossMode mode);

  /// `selected` ← the similarities of a row to those columns that are its positives, its negatives, or both; −∞ for all
  /// others.
  ///
  /// The row itself counts as a positive. `selected` may be the same array as `line`.
  void (*select_pairs)(
      const float *line, size_t count, int32_t class_number, int32_t sample_number, const int32_t *class_numbers,
      const int32_t *sample_numbers, int32_t kept_samples, KernelSelection selection, float *selected);

  /// `line` ← log σ(x − shift); `complements` ← log σ(shift − x), plus log σ(x − shift) if `is_product`; −∞ stays −∞ in
  /// both arrays.
  void (*log_sigmoids)(float *line, size_t count, float shift, int is_product, float *complements);

  /// Returns the sum of the elements other than −∞.
  double (*finite_sum)(const float *elements, size_t count);

  // MARK: Images (image_planes.h, image_resample.h, image_colors.h, image_filters.h)
  //
  // Every path gives the same bits. `count` is the number of pixels of a plane, or of levels where the array is called
  // `levels`.

  /// Converts pixels `[count, 3]` to planes `[3, count]`.
  void (*image_unpack)(const uint8_t *pixels, size_t count, uint8_t *planes);

  /// Converts planes `[3, count]` to pixels `[count, 3]`.
  void (*image_pack)(const uint8_t *planes, size_t count, uint8_t *pixels);

  /// Copies a window of an image; pixels outside the image get the level `fill`.
  void (*image_window)(KernelImage image, KernelWindow window, uint8_t fill, uint8_t *result);

  /// Mirrors an image horizontally.
  void (*image_mirror)(KernelImage image, uint8_t *result);

  /// Pixel (x, y) ← the source pixel at (m0 x + m1 y + m2, m3 x + m4 y + m5), rounded down, or `fill` outside; the m
  /// are multiples of 2⁻¹⁶.
  void (*image_affine)(KernelImage image, const int32_t *matrix, uint8_t fill, uint8_t *result);

  /// `view[channel · channel_stride + pixel · pixel_stride]` ← `levels[channel][level]`, where `levels` is `[3, 256]`.
  void (*image_view)(
      const uint8_t *planes, size_t count, const float *levels, float *view, size_t channel_stride,
      size_t pixel_stride);

  /// Returns the number of bytes of scratch memory for resizing.
  size_t (*image_resample_scratch_count)(KernelFilter columns, KernelFilter rows);

  /// Resizes pixels `[rows.end, columns.end, 3]`, whose rows are `row_stride` bytes apart, to planes
  /// `[3, rows.count, columns.count]`.
  void (*image_resample)(
      const uint8_t *pixels, size_t row_stride, KernelFilter columns, KernelFilter rows, uint8_t *scratch,
      uint8_t *planes);

  /// level ← base + factor · (level − base), clipped to 0…255 and rounded down.
  void (*image_blend_constant)(uint8_t *levels, size_t count, uint8_t base, float factor);

  /// Does the same as `image_blend_constant` with each pixel's luminance as the base.
  void (*image_blend_luminance)(uint8_t *planes, size_t count, float factor);

  /// Sets all channels of each pixel to its luminance.
  void (*image_grayscale)(uint8_t *planes, size_t count);

  /// Returns the sum of the luminances of all pixels.
  uint64_t (*image_luminance_sum)(const uint8_t *planes, size_t count);

  /// Adds `shift` to the hue of each pixel, in units of 1/256 of a full turn.
  void (*image_shift_hue)(uint8_t *planes, size_t count, uint8_t shift);

  /// Does the same as `image_blend_constant` with a 3×3 mean as the base, in which the center has weight 5; edge pixels
  /// do not change.
  void (*image_sharpen)(KernelImage image, float factor, uint8_t *result);

  /// level ← 255 − level for levels of at least `threshold`.
  void (*image_solarize)(uint8_t *levels, size_t count, int threshold);

  /// level ← level + addition, clipped to 0…255, for levels below `threshold`.
  void (*image_solarize_add)(uint8_t *levels, size_t count, int addition, int threshold);

  /// level ← level & mask.
  void (*image_posterize)(uint8_t *levels, size_t count, uint8_t mask);

  /// Stretches the levels of each channel linearly to 0…255.
  void (*image_stretch)(uint8_t *planes, size_t count);

  /// Equalizes the histogram of each channel.
  void (*image_equalize)(uint8_t *planes, size_t count);

  /// Returns the number of floats of scratch memory for a blur.
  size_t (*image_blur_scratch_count)(int width, int height, int taps);

  /// Convolves rows and columns with an odd number of weights. Beyond the edges the image has the level `outside` or,
  /// if that is negative, is mirrored at its edge pixels. Results are rounded to the nearest level, ties up.
  void (*image_blur)(
      KernelImage image, const float *weights, int taps, float outside, float *scratch, uint8_t *result);
} KernelTable;

/// Returns the best path that this CPU and its operating system support.
KernelPath kernels_cpu_path(void);

/// Returns the best path of this CPU that is not above the limit.
KernelPath kernels_best_path(void);

/// Limits `kernels_best_path` in this process. Must be called before the first use of a path; initially there is no
/// limit.
void kernels_limit(KernelPath path);

/// Returns the manufacturer of this CPU.
KernelVendor kernels_cpu_vendor(void);

/// Returns a path's name as `supcon doctor` prints it.
const char *kernels_name(KernelPath path);

/// Returns the functions of a path; calling one on a CPU without the path's instructions ends the program.
const KernelTable *kernels_of(KernelPath path);

#pragma clang assume_nonnull end

#endif
