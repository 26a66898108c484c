// The loops over a line of similarities (one row's similarities to many columns) in the contrastive loss: the maximum,
// the sum of exponentials, and the factors with which the rows enter the gradient.
//
// Formulas and order of the calls: StandardLoss.swift in the target Losses.

// e^x with a relative error of about 1.2·10⁻⁷ for −87 ≤ x ≤ 88; about 10⁻³⁸ below −87; NaN for NaN.
//
// x = n ln 2 + r with |r| ≤ ½ ln 2; e^r is a polynomial with a relative error of at most 3·10⁻⁹; 2^n is built from its
// bits.
INLINE Lanes exponential(Lanes x) {
  const float rounder = 0x1.8p23f;
  x = broadcast(-87) > x ? broadcast(-87) : x;
  // Adding 1.5 · 2²³ rounds to an integer, which is then in the low bits.
  Lanes shifted = x * 1.44269504089f + rounder;
  Lanes n = shifted - rounder;
  // ln 2 as a sum of two numbers; n times the first one is exact.
  Lanes r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Lanes series = broadcast(0x1.6a23dp-10f);
  series = series * r + 0x1.123a2p-7f;
  series = series * r + 0x1.5558f2p-5f;
  series = series * r + 0x1.555492p-3f;
  series = series * r + 0x1.fffffcp-2f;
  series = series * r + 1;
  series = series * r + 1;
  return series * (Lanes)(((WordLanes)shifted + 127) << 23);
}

// Loads fewer elements than LANES; the other lanes get `filler`.
INLINE Lanes load_first(const float *source, size_t count, float filler) {
  float padded[LANES];
  for (size_t lane = 0; lane < LANES; lane++) {
    padded[lane] = lane < count ? source[lane] : filler;
  }
  return load_lanes(padded);
}

INLINE Lanes larger(Lanes lanes, Lanes than) { return lanes > than ? lanes : than; }

static float largest_element(const float *elements, size_t count, float least) {
  Lanes largest[PARTS];
  for (int part = 0; part < PARTS; part++) {
    largest[part] = broadcast(least);
  }
  size_t index = 0;
  for (; index + PARTS * LANES <= count; index += PARTS * LANES) {
    UNROLL
    for (int part = 0; part < PARTS; part++) {
      largest[part] = larger(load_lanes(elements + index + part * LANES), largest[part]);
    }
  }
  for (; index < count; index += LANES) {
    size_t rest = count - index;
    Lanes next = rest < LANES ? load_first(elements + index, rest, least) : load_lanes(elements + index);
    largest[0] = larger(next, largest[0]);
  }
  Lanes lanes = larger(larger(largest[0], largest[1]), larger(largest[2], largest[3]));
  float result = least;
  for (int lane = 0; lane < LANES; lane++) {
    result = lanes[lane] > result ? lanes[lane] : result;
  }
  return result;
}

static double exponential_sum(const float *elements, size_t count, float shift) {
  Lanes sum[PARTS] = {0};
  size_t index = 0;
  for (; index + PARTS * LANES <= count; index += PARTS * LANES) {
    UNROLL
    for (int part = 0; part < PARTS; part++) {
      sum[part] += exponential(load_lanes(elements + index + part * LANES) - shift);
    }
  }
  double last = 0;
  for (; index < count; index += LANES) {
    size_t rest = count - index;
    if (rest < LANES) {
      Lanes values = exponential(load_first(elements + index, rest, shift) - shift);
      for (size_t lane = 0; lane < rest; lane++) {
        last += (double)values[lane];
      }
    } else {
      sum[0] += exponential(load_lanes(elements + index) - shift);
    }
  }
  double sums[LANES] = {0};
  add_to(sums, total(sum));
  double result = last;
  for (int lane = 0; lane < LANES; lane++) {
    result += sums[lane];
  }
  return result;
}

// The gradient factors of the columns `index` … `index + LANES − 1` of a line.
INLINE Lanes pair_factors(
    Lanes similarities, KernelLossRow row, Lanes log_sum_exps, Lanes anchor_weights, Lanes positive_weights,
    IntegerLanes classes) {
  Lanes as_anchor = row.anchor_weight * exponential(similarities - row.log_sum_exp);
  Lanes as_contrast = anchor_weights * exponential(similarities - log_sum_exps);
  return (as_anchor + as_contrast) - where(classes == row.class_number, positive_weights + row.positive_weight);
}

static void contrastive_factors(float *line, size_t count, KernelLossRow row, KernelLossColumns columns) {
  size_t index = 0;
  for (; index + LANES <= count; index += LANES) {
    IntegerLanes classes;
    memcpy(&classes, columns.class_numbers + index, sizeof classes);
    store_lanes(
        line + index,
        pair_factors(
            load_lanes(line + index), row, load_lanes(columns.log_sum_exps + index),
            load_lanes(columns.anchor_weights + index), load_lanes(columns.positive_weights + index), classes));
  }
  size_t rest = count - index;
  if (rest > 0) {
    IntegerLanes classes = {0};
    memcpy(&classes, columns.class_numbers + index, rest * sizeof(int32_t));
    Lanes factors = pair_factors(
        load_first(line + index, rest, 0), row, load_first(columns.log_sum_exps + index, rest, 0),
        load_first(columns.anchor_weights + index, rest, 0), load_first(columns.positive_weights + index, rest, 0),
        classes);
    memcpy(line + index, &factors, rest * sizeof(float));
  }
}
