/// The values of every row that determine its contribution to the gradients of other rows: logarithms of sums, and
/// weights.
///
/// With w = scale ÷ number of anchors (0 for rows that are not anchors), c = |P(i)|, σ the logistic function, and
/// derivatives that are not listed equal to 0,
///
///     ∂L/∂s_in = a_i e^{s_in−d_i} of a negative,  ∂L/∂s_ip = [ALL] a_i e^{s_ip−d_i} − T_ip of a positive
///
///     denominators         d                   a     T out                   T in
///     all                  log Σ_{A} e^s       w     w/c                     w e^{s−q},           q = log Σ_P e^s
///     only negatives       log Σ_{N} e^s = ν   w     w/c                     w e^{s−q}
///     one positive         ν + ε = d           w·h   (w/c) σ(d−s)            w σ(d−s) σ(s−d) e^−q,  q = log Σ_P σ(s−d)
///
/// where ε is the margin and h is e^ε times the mean over positives of σ(d−s_ip), weighted by σ(s_ip−d) if they are
/// summed inside the logarithm.
@unsafe
struct RowWeights<Scalar: LossScalar> {
  /// The log-denominators d_j in the table above; for the standard loss ℓ_j = log Σ_{a≠j} e^{s_ja}.
  let logSumExps: UnsafePointer<Scalar>
  /// The weights a_j in the table above.
  let anchor: UnsafePointer<Scalar>
  /// The weights of positives: w_j / |P(j)|, or w_j if positives are summed inside the logarithm.
  let positive: UnsafePointer<Scalar>
  /// The logarithms q_j in the table above; not used if positives are summed outside the logarithm.
  let positiveLogSums: UnsafePointer<Scalar>
}
