extension ConfigurationOption {
  static let lossRows: [ConfigurationOption] = [
    .init(
      "loss", \.loss.kind, .choice,
      "supcon (positives: views of the same class), simclr (of the same sample), or a variant of supcon with other denominators: sincere (the current positive and the negatives), supervised-dcl (the negatives), epsilon-supinfonce (sincere with --margin).",
      .contrastive, when: [.contrastive]),
    .init(
      "margin", \.loss.margin, .margin,
      "Margin ε of --loss epsilon-supinfonce, in units of similarity ÷ temperature, at most 80; above 70 float32 gradients lose digits.",
      .contrastive, when: [.contrastive]),
    .init(
      "summation", \.loss.variant.summation, .choice,
      "Sum over positives outside (out: L_out, eq. 2) or inside (in: L_in, eq. 3) the logarithm.", .contrastive,
      when: [.contrastive]),
    .init(
      "contrast-mode", \.loss.variant.anchors, .choice, "Anchors: all views, or one, the first of each sample.",
      .contrastive, when: [.contrastive]),
    .init(
      "denominator", \.loss.variant.denominator, .choice,
      "Softmax denominator: all other views; one-positive: the current positive and the negatives; only-negatives.",
      .contrastive, when: [.contrastive, .freeDenominator]),
    .init(
      "positives-cap", \.loss.variant.positivesCap, .positivesCap,
      "Maximum number of positives per anchor besides its own views, a multiple of --views, those that come first in the batch; none: no cap.",
      value: "positives", .contrastive, when: [.contrastive]),
    .init(
      "loss-scale", \.loss.scale, .choice, "Factor of the loss: none, tau or tau/0.07.", .contrastive,
      when: [.contrastive]),
    .init(
      "temperature", \.loss.temperature, .temperature, "Temperature of the contrastive loss.", .contrastive,
      when: [.contrastive]),
    .init(
      "prototypes", \.loss.variant.hasPrototypes, .boolean,
      "Contrast every anchor also with a learned prototype of each class, a unit vector, that of its own class as a positive.",
      .contrastive, when: [.contrastive]),
    .init(
      "gather-precision", \.loss.gatherPrecision, .choice,
      "Data type of the embeddings in messages between ranks: float32, or bfloat16, which halves their bytes; gradients of tight clusters (cosines of 0.92) then lose about 4 %, of tighter ones more.",
      .contrastive, when: [.contrastive]),
    .init(
      "contrastive-weight", \.loss.weight, .notNegative, "Weight of the contrastive loss; 0 for supervised.",
      .classifier),
    .init(
      "cross-entropy-weight", \.classifier.weight, .notNegative,
      "Weight of the cross-entropy of a classifier on the representations; 1 for supervised.", .classifier),
    .init(
      "stop-gradient", \.classifier.stopGradient, .boolean,
      "Detach features before the classifier: cross-entropy does not train the encoder.", .classifier,
      when: [.bothLosses]),
    .init(
      "label-smoothing", \.classifier.labelSmoothing, .belowOne, "Label smoothing, in [0, 1).", .classifier,
      when: [.classifier, .weightedLabels]),
    .init(
      "teacher", \.classifier.teacherPath, .text,
      "Distill: run directory of a classifier of the same classes, whose softened class probabilities are targets of the cross-entropy too (Hinton et al. 2015).",
      default: "none", value: "dir", .classifier, when: [.classifier], [.freeOnResume, .path]),
    .init(
      "distillation-weight", \.classifier.distillationWeight,
      .number("a number above 0 and up to 1") { $0 > 0 && $0 <= 1 },
      "Weight of the teacher's targets, in (0, 1]; the labels have the rest.", .classifier, when: [.teacher],
      [.stepIsTheSame]),
    .init(
      "distillation-temperature", \.classifier.distillationTemperature, .temperature,
      "Temperature that softens the class probabilities of teacher and student.", .classifier, when: [.teacher],
      [.stepIsTheSame]),
    .init("teacher-weights", \.classifier.teacherHash, .text, "Hash of the teacher's weights.", .resolved),
    .init("classes", \.classifier.classes, .count(from: 0), "Classes of the training set.", .resolved),
    .init(
      "init", \.model.initialPath, .text,
      "Start with the encoder of a run directory, whose options of encoder and dataset are kept unless --dataset is given, or of an encoder.safetensors.",
      default: "random values", value: "path", .initialization, [.path]),
  ]
}

extension OptionParser where Value == Int? {
  /// The parser of the maximum number of positives, an integer or `none`; of kind text, for files of earlier versions.
  static let positivesCap = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    if text == "none" {
      return nil
    }
    guard let cap = Int(text), (0...largestOption).contains(cap) else {
      throw OptionFailure(expectation: "expected none, or a number from 0 to \(largestOption)")
    }
    return cap
  } write: { cap in
    cap.map { cap in "\(cap)" } ?? "none"
  }
}
