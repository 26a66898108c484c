import Measures

/// A reliability diagram: the accuracy of predictions by their confidence, as inline SVG.
///
/// Predictions are calibrated where the bars end at the diagonal.
struct ReliabilityDiagram {
  let calibration: Calibration
  /// The name of the classifier, or of the other source of the predictions.
  let title: String
  var caption: String?

  private static let side = 260.0
  private static let left = 44.0
  private static let bottom = 36.0

  var figure: Markup {
    let (floor, end) = (Self.side + 10, Self.left + Self.side)
    func x(_ share: Double) -> Double { Self.left + share * Self.side }
    func y(_ share: Double) -> Double { floor - share * Self.side }
    let step = 1 / Double(calibration.bins.count)
    let bars = calibration.bins.enumerated().filter { _, bin in bin.count > 0 }.map { index, bin in
      """
      <rect class="f0" x="\(x(Double(index) * step) + 1)" y="\(y(bin.accuracy))" width="\(Self.side * step - 2)" height="\(max(floor - y(bin.accuracy), 1))"/>
      <path class="s1 curve" d="M\(x(Double(index) * step) + 1) \(y(bin.confidence))h\(Self.side * step - 2)"/>
      """ as Markup
    }
    let ticks = [0, 0.25, 0.5, 0.75, 1].map { share in
      """
      <path class="rule" d="M\(Self.left) \(y(share))H\(end)"/><text x="\(Self.left - 5)" y="\(y(share) + 4)" text-anchor="end">\(short(share))</text>
      <text x="\(x(share))" y="\(floor + 15)" text-anchor="middle">\(short(share))</text>
      """ as Markup
    }
    let body: Markup = """
      <svg viewBox="0 0 \(Self.left + Self.side + 16) \(Self.side + 10 + Self.bottom)" role="img" aria-label="\(description)">
      \(ticks)\(bars)<path class="axis" stroke-dasharray="4 3" d="M\(Self.left) \(floor)L\(end) \(y(1))"/>
      <path class="axis" d="M\(Self.left) \(y(1))V\(floor)H\(end)"/>
      <text x="\(end)" y="\(floor + 31)" text-anchor="end">probability of the predicted class</text>
      <text x="11" y="\(y(0.5))" text-anchor="middle" transform="rotate(-90 11 \(y(0.5)))">share that is right</text>
      </svg>
      <ul class="legend"><li>bar: share that is right</li><li>stroke across the bar: mean probability</li><li>dashed: equal</li></ul>
      """
    return Elements.figure(title, body, caption: caption)
  }

  private var description: String {
    let bins = calibration.bins.filter { bin in bin.count > 0 }.map { bin in
      "\(bin.count) predictions of mean probability \(short(bin.confidence)), \(percent(bin.accuracy)) right"
    }
    return "\(title): " + bins.joined(separator: "; ")
  }
}
