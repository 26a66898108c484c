import Imaging
import NeuralNet

extension Configuration {
  /// `auto` becomes the stem that suits the size of views.
  package mutating func resolveStem(for viewSize: ImageSize) {
    if stem == "auto" {
      stem = ResNetArchitecture.Stem.suiting(height: viewSize.height, width: viewSize.width).rawValue
    }
  }

  /// The encoder of a recipe whose stem was resolved: one that a run or checkpoint holds.
  package var architecture: ResNetArchitecture {
    guard var architecture = architectureBehindStem, let stem = ResNetArchitecture.Stem(rawValue: stem) else {
      preconditionFailure("the recipe was not validated and resolved: \(model), --stem \(stem)")
    }
    architecture.stem = stem
    return architecture
  }

  /// The widths of the encoder's groups of blocks; empty if there is no such encoder.
  package var groupWidths: [Int] { architectureBehindStem?.widths ?? [] }

  /// All of the encoder that does not depend on the stem; `nil` if there is none such.
  private var architectureBehindStem: ResNetArchitecture? {
    guard var architecture = ResNetArchitecture(name: model)?.widened(by: widthMultiplier) else { return nil }
    if let shortcut {
      guard let kind = ResNetArchitecture.Shortcut(rawValue: shortcut), let joined = architecture.joined(by: kind)
      else { return nil }
      architecture = joined
    }
    architecture.zeroInitializesLastScale = zeroInitLastScale
    return architecture
  }

  /// The layers of the projection head.
  package var headPlan: ProjectionHeadArchitecture {
    let widths: [Int] =
      switch head {
      case "none": []
      case "linear": [embeddingWidth]
      default: headWidths.flatMap(Self.counts) ?? [representationWidth, embeddingWidth]
      }
    return ProjectionHeadArchitecture(widths, hasBatchNormalization: headBatchNorm)
  }

  private var representationWidth: Int {
    guard let architecture = architectureBehindStem else {
      preconditionFailure("the recipe was not validated: \(model)")
    }
    return architecture.representationWidth
  }

  /// The width of the embeddings as it comes out: without a head, that of the representations.
  package var widthOfEmbeddings: Int { headPlan.widths.last ?? representationWidth }

  /// The multiplications with addition of encoder and heads for one view.
  package func multiplyAdds(height: Int, width: Int) -> (forward: Int, backward: Int) {
    let encoder = architecture.multiplyAdds(height: height, width: width)
    let width = architecture.representationWidth
    let heads = (isContrasting ? [headPlan] : []) + (isClassifying ? [ProjectionHeadArchitecture([classes ?? 0])] : [])
    return heads.map { head in head.multiplyAdds(inputWidth: width) }.reduce(encoder) { sum, head in
      (sum.forward + head.forward, sum.backward + head.backward)
    }
  }

  /// What is wrong with the options of encoder and head, or `nil`.
  var networkProblem: String? {
    let checks: [String?] = [
      choice("model", model, ResNetArchitecture.names),
      choice("stem", stem, ["auto"] + ResNetArchitecture.Stem.allCases.map(\.rawValue)),
      shortcut.flatMap { shortcut in
        choice("shortcut", shortcut, ResNetArchitecture.Shortcut.allCases.map(\.rawValue))
      },
      shortcutProblem, widthProblem,
      choice("head", head, ["mlp", "linear", "none"]),
      atLeast("embedding-width", embeddingWidth, 1, atMost: Self.largestWidth),
      headProblem,
    ]
    return checks.compactMap { problem in problem }.first
  }

  /// The widest layer of a projection head.
  private static let largestWidth = 65_536

  private var shortcutProblem: String? {
    guard shortcut == "A", let architecture = ResNetArchitecture(name: model), !architecture.offersZeroPadding else {
      return nil
    }
    let others = ResNetArchitecture.names.filter { name in
      ResNetArchitecture(name: name)?.offersZeroPadding == true
    }
    return
      "--shortcut A: --model \(model) has B alone; leave the option out, or choose \(others.joined(separator: ", "))"
  }

  private var widthProblem: String? {
    guard let architecture = ResNetArchitecture(name: model), architecture.widened(by: widthMultiplier) == nil else {
      return nil
    }
    let widths = architecture.widths.map { width in "\(width)" }.joined(separator: ", ")
    return
      "--width-multiplier \(widthMultiplier): expected a factor that makes the widths of \(model) (\(widths)) multiples of \(ResNetArchitecture.widthUnit), such as 2"
  }

  private var headProblem: String? {
    if let headWidths {
      guard head == "mlp" else {
        return
          "--head-widths \(headWidths): --head \(head) has no hidden layer; leave the option out, or choose --head mlp"
      }
      guard let widths = Self.counts(in: headWidths) else {
        return "--head-widths \(headWidths): expected whole numbers above 0 separated by commas, such as 2048,128"
      }
      guard widths.allSatisfy({ width in width <= Self.largestWidth }) else {
        return "--head-widths \(headWidths): expected widths of at most \(Self.largestWidth)"
      }
      guard widths.count > 1 else {
        return "--head-widths \(headWidths): expected at least two widths; one layer is --head linear --embedding-width"
      }
      guard widths[widths.count - 1] == embeddingWidth else {
        return
          "--head-widths \(headWidths): the last is the width of the embeddings, but --embedding-width is \(embeddingWidth); give --embedding-width \(widths[widths.count - 1]) too"
      }
    }
    if headBatchNorm, head != "mlp" {
      return
        "--head-batch-norm: --head \(head) has no hidden layer to normalize; leave the option out, or choose --head mlp"
    }
    if head == "none", embeddingWidth != Configuration().embeddingWidth {
      return
        "--embedding-width \(embeddingWidth): with --head none the embeddings are as wide as the representations; leave the option out"
    }
    return nil
  }
}
