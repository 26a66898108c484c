// The loops over a line of similarities for the variants of the contrastive loss that contrastive.h does not cover:
// which columns are positives or negatives of a row, and their factors in the gradient.
//
// Formulas: RowWeights.swift in the target Losses. e^x is that of contrastive.h.

INLINE Lanes negative_magnitude(Lanes x) { return (Lanes)((WordLanes)x | 0x80000000u); }

INLINE Lanes smaller(Lanes lanes, Lanes than) { return lanes > than ? than : lanes; }

// log(1 + u) for 0 ≤ u ≤ 1 to about 2·10⁻⁷: 2 artanh(w) with w = u/(2 + u) ≤ 1/3, whose series ends before w¹⁷/17.
INLINE Lanes log_one_plus(Lanes u) {
  Lanes w = u / (2 + u);
  Lanes square = w * w;
  Lanes series = broadcast(2.f / 15);
  series = series * square + 2.f / 13;
  series = series * square + 2.f / 11;
  series = series * square + 2.f / 9;
  series = series * square + 2.f / 7;
  series = series * square + 2.f / 5;
  series = series * square + 2.f / 3;
  series = series * square + 2;
  return series * w;
}

INLINE IntegerLanes load_numbers(const int32_t *source) {
  IntegerLanes lanes;
  memcpy(&lanes, source, sizeof lanes);
  return lanes;
}

INLINE IntegerLanes load_first_numbers(const int32_t *source, size_t count) {
  IntegerLanes lanes = {0};
  memcpy(&lanes, source, count * sizeof *source);
  return lanes;
}

// A mask of the columns that are positives of the row: of the row's class, and among the class's first `kept_samples`
// samples or the one further sample that is allowed.
INLINE IntegerLanes positives_of_row(
    IntegerLanes same, int32_t sample_number, IntegerLanes sample_numbers, int32_t kept_samples) {
  int32_t one_more = sample_number > kept_samples ? sample_number : kept_samples;
  return same & ((sample_numbers < kept_samples) | (sample_numbers == one_more));
}

// A mask of the columns that have the row among their positives.
INLINE IntegerLanes row_as_positive(
    IntegerLanes same, int32_t sample_number, IntegerLanes sample_numbers, int32_t kept_samples) {
  if (sample_number < kept_samples) {
    return same;
  }
  IntegerLanes kept = (IntegerLanes)(kept_samples);
  return same & ((sample_numbers > kept ? sample_numbers : kept) == sample_number);
}

INLINE Lanes selected_pairs(
    Lanes similarities, int32_t class_number, int32_t sample_number, IntegerLanes classes, IntegerLanes sample_numbers,
    int32_t kept_samples, KernelSelection selection) {
  IntegerLanes same = classes == class_number;
  IntegerLanes chosen = {0};
  if (selection & KERNEL_NEGATIVES) {
    chosen |= ~same;
  }
  if (selection & KERNEL_POSITIVES) {
    chosen |= positives_of_row(same, sample_number, sample_numbers, kept_samples);
  }
  return chosen ? similarities : broadcast(-__builtin_inff());
}

static void select_pairs(
    const float *line, size_t count, int32_t class_number, int32_t sample_number, const int32_t *class_numbers,
    const int32_t *sample_numbers, int32_t kept_samples, KernelSelection selection, float *selected) {
  size_t index = 0;
  for (; index + LANES <= count; index += LANES) {
    store_lanes(
        selected + index,
        selected_pairs(
            load_lanes(line + index), class_number, sample_number, load_numbers(class_numbers + index),
            load_numbers(sample_numbers + index), kept_samples, selection));
  }
  size_t rest = count - index;
  if (rest > 0) {
    Lanes lanes = selected_pairs(
        load_first(line + index, rest, 0), class_number, sample_number, load_first_numbers(class_numbers + index, rest),
        load_first_numbers(sample_numbers + index, rest), kept_samples, selection);
    memcpy(selected + index, &lanes, rest * sizeof(float));
  }
}

static void log_sigmoids(float *line, size_t count, float shift, int is_product, float *complements) {
  for (size_t index = 0; index < count; index += LANES) {
    size_t rest = count - index;
    Lanes elements = rest < LANES ? load_first(line + index, rest, 0) : load_lanes(line + index);
    IntegerLanes is_left_out = elements == -__builtin_inff();
    Lanes x = elements - shift;
    Lanes softened = log_one_plus(exponential(negative_magnitude(x)));
    Lanes logarithm = smaller(x, broadcast(0)) - softened;
    Lanes complement = smaller(-x, broadcast(0)) - softened;
    logarithm = is_left_out ? elements : logarithm;
    complement = is_left_out ? elements : is_product ? complement + logarithm : complement;
    size_t bytes = (rest < LANES ? rest : LANES) * sizeof(float);
    memcpy(line + index, &logarithm, bytes);
    memcpy(complements + index, &complement, bytes);
  }
}

static double finite_sum(const float *elements, size_t count) {
  const float least = -__builtin_inff();
  double sums[LANES] = {0};
  size_t index = 0;
  for (; index + LANES <= count; index += LANES) {
    Lanes lanes = load_lanes(elements + index);
    add_to(sums, where(~(lanes == least), lanes));
  }
  double result = 0;
  for (; index < count; index++) {
    result += elements[index] == least ? 0 : (double)elements[index];
  }
  for (int lane = 0; lane < LANES; lane++) {
    result += sums[lane];
  }
  return result;
}

// ∂L/∂s for one anchor of a pair, whose other row is its negative, its positive, or neither.
INLINE Lanes role_factors(
    Lanes similarities, Lanes log_sum, Lanes anchor_weight, Lanes positive_log_sum, Lanes positive_weight,
    IntegerLanes negative, IntegerLanes positive, KernelSummation summation, KernelDenominator denominator) {
  Lanes x = similarities - log_sum;
  IntegerLanes in_denominator = denominator == KERNEL_DENOMINATOR_ALL ? negative | positive : negative;
  Lanes factors = where(in_denominator, anchor_weight * exponential(x));
  Lanes of_positive = positive_weight;
  if (denominator == KERNEL_DENOMINATOR_ONE_POSITIVE) {
    Lanes e = exponential(negative_magnitude(x));
    of_positive *= (x > 0 ? e : broadcast(1)) / (1 + e);
    if (summation == KERNEL_SUM_INSIDE) {
      of_positive *= exponential(smaller(x, broadcast(0)) - log_one_plus(e) - positive_log_sum);
    }
  } else if (summation == KERNEL_SUM_INSIDE) {
    of_positive *= exponential(similarities - positive_log_sum);
  }
  return factors - where(positive, of_positive);
}

// The gradient factors of a line; inlined, so that it is compiled separately for each variant of the loss.
INLINE void mode_factors(
    float *line, size_t count, KernelLossRow row, KernelLossColumns columns, int32_t kept_samples,
    KernelSummation summation, KernelDenominator denominator) {
  for (size_t index = 0; index < count; index += LANES) {
    size_t rest = count - index;
    int is_whole = rest >= LANES;
#define COLUMN_LANES(source) (is_whole ? load_lanes((source) + index) : load_first((source) + index, rest, 0))
#define COLUMN_NUMBERS(source) (is_whole ? load_numbers((source) + index) : load_first_numbers((source) + index, rest))
    Lanes similarities = COLUMN_LANES(line);
    IntegerLanes sample_numbers = COLUMN_NUMBERS(columns.sample_numbers);
    IntegerLanes same = COLUMN_NUMBERS(columns.class_numbers) == row.class_number;
    Lanes as_anchor = role_factors(
        similarities, broadcast(row.log_sum_exp), broadcast(row.anchor_weight), broadcast(row.positive_log_sum),
        broadcast(row.positive_weight), ~same, positives_of_row(same, row.sample_number, sample_numbers, kept_samples),
        summation, denominator);
    Lanes as_contrast = role_factors(
        similarities, COLUMN_LANES(columns.log_sum_exps), COLUMN_LANES(columns.anchor_weights),
        COLUMN_LANES(columns.positive_log_sums), COLUMN_LANES(columns.positive_weights), ~same,
        row_as_positive(same, row.sample_number, sample_numbers, kept_samples), summation, denominator);
#undef COLUMN_LANES
#undef COLUMN_NUMBERS
    Lanes factors = as_anchor + as_contrast;
    memcpy(line + index, &factors, (is_whole ? LANES : rest) * sizeof(float));
  }
}

static void contrastive_mode_factors(
    float *line, size_t count, KernelLossRow row, KernelLossColumns columns, KernelLossMode mode) {
#define MODE(summation_, denominator_)                                                             \
  if (mode.summation == (summation_) && mode.denominator == (denominator_)) {                      \
    mode_factors(line, count, row, columns, mode.kept_samples, (summation_), (denominator_));      \
  }
  MODE(KERNEL_SUM_OUTSIDE, KERNEL_DENOMINATOR_ALL)
  MODE(KERNEL_SUM_OUTSIDE, KERNEL_DENOMINATOR_ONE_POSITIVE)
  MODE(KERNEL_SUM_OUTSIDE, KERNEL_DENOMINATOR_NEGATIVES)
  MODE(KERNEL_SUM_INSIDE, KERNEL_DENOMINATOR_ALL)
  MODE(KERNEL_SUM_INSIDE, KERNEL_DENOMINATOR_ONE_POSITIVE)
  MODE(KERNEL_SUM_INSIDE, KERNEL_DENOMINATOR_NEGATIVES)
#undef MODE
}
