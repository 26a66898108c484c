import ArgumentParser

/// The options of the contrastive loss, except the temperature.
struct LossVariantOptions: OptionArguments {
  @Option("loss") var loss: String?
  @Option("margin") var margin: String?
  @Option("summation") var summation: String?
  @Option("contrast-mode") var contrastMode: String?
  @Option("denominator") var denominator: String?
  @Option("positives-cap") var positivesCap: String?
  @Option("loss-scale") var lossScale: String?
}
