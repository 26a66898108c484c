import Configuration

/// The text of `supcon help losses`.
enum LossTopic {
  /// The text of `supcon help excess`.
  static let excess = """
    The excess is the loss of a batch minus its lower bound. The loss cannot fall below a bound that depends on the labels of the batch: with
    several positives of an anchor, their shares of the softmax cannot all be 1. The excess tends to zero when the images of a class come together
    and those of different classes apart, whatever the batch holds; so it can be compared over batches, and the loss hardly. The output shows it
    after the loss, metrics.jsonl has it as loss_excess. supcon help losses has the formula of the loss.
    """

  static var text: String {
    let options = ConfigurationOption.all.filter { option in
      (option.group == .contrastive || option.group == .classifier) && option.isOnCommandLine
    }
    return """
      The contrastive loss of an anchor i with positives P(i), similarities s of unit rows and temperature t (--temperature), for --summation out:

        L_i = -1/|P(i)| sum over p in P(i) of log( exp(s_ip / t) / D )

      D is the sum of exp(s_ia / t) over all other views a of the global batch, over all ranks (--denominator all), or over fewer of them. The
      loss is the mean over anchors. The loss cannot fall below a bound that depends on the labels of the batch. The excess, loss minus bound,
      is logged too; it is 0 for perfect clusters.

        --loss supcon              positives: all views of the anchor's class (Khosla and others 2020)
        --loss simclr              positives: the other views of the same sample; needs no labels (Chen and others 2020)
        --loss sincere             supcon whose denominators hold the current positive and the negatives only
        --loss supervised-dcl      supcon whose denominators hold the negatives only
        --loss epsilon-supinfonce  sincere with a --margin

      supcon supervised trains with the cross-entropy alone; --cross-entropy-weight adds it to a contrastive loss. supcon loss computes a loss and
      its gradient for embeddings in a file.

      OPTIONS
      \(options.map { option in "  --\(option.name)  \(option.help)" }.joined(separator: "\n"))
      """
  }
}
