/// The contribution of every row to the gradients of the others: its logarithms of sums and its weights.
///
/// With w = scale ÷ number of anchors, 0 for rows that are none, c = |P(i)|, σ the logistic function and everything not named below 0,
///
///     ∂L/∂s_in = a_i e^{s_in−d_i} of a negative,  ∂L/∂s_ip = [ALL] a_i e^{s_ip−d_i} − T_ip of a positive
///
///     denominators         d                   a     T out                   T in
///     all                  log Σ_{A} e^s       w     w/c                     w e^{s−q},           q = log Σ_P e^s
///     only negatives       log Σ_{N} e^s = ν   w     w/c                     w e^{s−q}
///     one positive         ν + ε = d           w·h   (w/c) σ(d−s)            w σ(d−s) σ(s−d) e^−q,  q = log Σ_P σ(s−d)
///
/// where ε is the margin and h is e^ε times the mean over positives of σ(d−s_ip), weighted with σ(s_ip−d) where they are summed inside.
@unsafe
struct RowWeights<Scalar: LossScalar> {
  /// d_j; of the standard loss ℓ_j = log Σ_{a≠j} e^{s_ja}.
  let logSumExps: UnsafePointer<Scalar>
  /// a_j.
  let anchor: UnsafePointer<Scalar>
  /// w_j / |P(j)|, or w_j where positives are summed inside.
  let positive: UnsafePointer<Scalar>
  /// q_j; not read where positives are summed outside.
  let positiveLogSums: UnsafePointer<Scalar>
}
