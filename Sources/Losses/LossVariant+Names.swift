extension LossVariant {
  /// The SINCERE loss (Feeney and Hughes 2023): each positive is contrasted with the negatives only, not with other
  /// positives.
  ///
  ///     L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / (e^{s_ip} + Σ_{n∈N(i)} e^{s_in}) )
  public static var sincere: LossVariant {
    var variant = LossVariant()
    variant.denominator = .onePositive
    return variant
  }

  /// The supervised form of decoupled contrastive learning (Yeh and others 2022): denominators contain no positive.
  ///
  ///     L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / Σ_{n∈N(i)} e^{s_in} )
  public static var supervisedDecoupled: LossVariant {
    var variant = LossVariant()
    variant.denominator = .onlyNegatives
    return variant
  }

  /// Returns ε-SupInfoNCE (Barbano and others 2023): the loss ``sincere`` with a margin between positives and
  /// negatives.
  ///
  ///     L_i = −(1/|P(i)|) Σ_{p∈P(i)} log( e^{s_ip} / (e^{s_ip − ε} + Σ_{n∈N(i)} e^{s_in}) )
  ///
  /// - Parameter margin: ε, in units of similarity ÷ τ.
  /// - Returns: The variant of the loss.
  public static func supInfoNCE(margin: Double) -> LossVariant {
    var variant = sincere
    variant.margin = margin
    return variant
  }
}
