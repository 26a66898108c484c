import NeuralNet

extension OptionParser where Value == ResNetArchitecture {
  static let encoder = OptionParser(kind: .text, choices: ResNetArchitecture.names) { (text) throws(OptionFailure) in
    guard let encoder = ResNetArchitecture(name: text) else { throw .choice(text, ResNetArchitecture.names) }
    return encoder
  } write: { encoder in
    encoder.name
  }
}

extension ConfigurationOption {
  /// The largest accepted width of a layer of the projection head.
  private static let largestWidth = 65_536

  static let modelRows: [ConfigurationOption] = [
    .init(
      "model", \.model.encoder, .encoder, "Encoder: \(ResNetArchitecture.names.joined(separator: ", ")).", .encoder),
    .init(
      "stem", \.model.stem, .choice, none: "auto",
      "Input stem: cifar (3×3 convolution), imagenet (7×7 of stride 2, max pooling), or auto: cifar up to 64 pixels.",
      .encoder),
    .init(
      "shortcut", \.model.shortcut, .choice,
      "Shortcut type where shapes change: A (zero padding; CIFAR ResNets) or B (1×1 projection).",
      default: "the model's own", .encoder),
    .init(
      "width-multiplier", \.model.widthMultiplier, .positive, "Factor of the widths of all groups.", .encoder),
    .init(
      "zero-init-last-scale", \.model.zeroInitLastScale, .boolean,
      "Zero-initialize the last BatchNorm weight of each residual block (torchvision: zero_init_residual).",
      .initialization),
    .init(
      "normalize-encoder", \.model.normalizeEncoder, .boolean,
      "L2-normalize encoder features, for the projection head and for linear and k-NN evaluation.", .encoder),
    .init(
      "head", \.head.kind, .choice, "Projection head: mlp (width → width → embedding), linear or none.", .head,
      when: [.contrastive]),
    .init(
      "head-widths", \.head.widths, .counts(example: "2048,128", to: largestWidth),
      "Widths of the layers of --head mlp, the embeddings' last.",
      default: "the encoder's width, then --embedding-width", value: "w,w,…", .head,
      when: [.contrastive, .hiddenLayers]),
    .init(
      "head-batch-norm", \.head.batchNorm, .boolean,
      "Batch normalization between the head's hidden layers and their ReLUs.", .head,
      when: [.contrastive, .hiddenLayers]),
    .init(
      "embedding-width", \.head.embeddingWidth, .count(from: 1, to: largestWidth), "Dimension of the embeddings.",
      .head, when: [.contrastive, .someHead]),
  ]
}
