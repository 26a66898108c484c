extension LossMode {
  /// The SINCERE loss (Feeney and Hughes 2023): each positive is contrasted with the negatives only, not with other
  /// positives.
  ///
  ///     L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / (e^{s_ip} + Σ_{n∈N(i)} e^{s_in}) )
  public static var sincere: LossMode {
    var mode = LossMode()
    mode.denominator = .onePositive
    return mode
  }

  /// The supervised form of decoupled contrastive learning (Yeh and others 2022): denominators contain no positive.
  ///
  ///     L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / Σ_{n∈N(i)} e^{s_in} )
  public static var supervisedDecoupled: LossMode {
    var mode = LossMode()
    mode.denominator = .onlyNegatives
    return mode
  }

  /// Returns ε-SupInfoNCE (Barbano and others 2023): the loss ``sincere`` with a margin between positives and
  /// negatives.
  ///
  ///     L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / (e^{s_ip − ε} + Σ_{n∈N(i)} e^{s_in}) )
  ///
  /// - Parameter margin: ε, in units of similarity ÷ τ.
  /// - Returns: The variant of the loss.
  public static func supInfoNCE(margin: Double) -> LossMode {
    var mode = sincere
    mode.margin = margin
    return mode
  }
}
