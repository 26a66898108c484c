import Configuration
import Measures

extension TestAccuracy {
  /// Both fractions in words.
  package var text: String {
    "top-1 \(decimal(top1, 4))" + (top5.map { top5 in ", top-5 \(decimal(top5, 4))" } ?? "")
  }
}
