import Configuration
import FoundationEssentials
import ImageCodecs
import Imaging

/// Parts of a page.
enum Elements {
  /// A figure with its heading; `content` has its own text alternative.
  static func figure(_ title: String, _ content: Markup, caption: String? = nil) -> Markup {
    let note: Markup = caption.map { caption in "<figcaption>\(caption)</figcaption>" } ?? ""
    return "<figure><h3>\(title)</h3>\(content)\(note)</figure>"
  }

  /// Numbers with their names, large.
  static func numbers(_ pairs: [(name: String, value: String)]) -> Markup {
    let items = pairs.map { name, value in "<div><dt>\(name)</dt><dd>\(value)</dd></div>" as Markup }
    return "<dl class=\"numbers\">\(items)</dl>"
  }

  /// A table that scrolls by itself where the page is too narrow.
  ///
  /// - Parameters:
  ///   - caption: The name of the table.
  ///   - header: The heads of the columns.
  ///   - rows: The cells; the first of a row is its head.
  ///   - numeric: The columns that are numbers, aligned right.
  ///   - isText: True for long texts, which are broken anywhere rather than scrolled.
  /// - Returns: The table, which scrolls by itself.
  static func table(
    _ caption: String, header: [String], rows: [[Markup]], numeric: Range<Int> = 0..<0, isText: Bool = false
  ) -> Markup {
    func kind(_ column: Int) -> Markup { numeric.contains(column) ? " class=\"n\"" : "" }
    let style: Markup = isText ? " class=\"texts\"" : ""
    let heads = header.enumerated().map { column, head in "<th scope=\"col\"\(kind(column))>\(head)</th>" as Markup }
    let lines = rows.map { cells in
      let others = cells.enumerated().dropFirst().map { column, cell in "<td\(kind(column))>\(cell)</td>" as Markup }
      return "<tr><th scope=\"row\">\(cells.first ?? "")</th>\(others)</tr>" as Markup
    }
    return scrolling(
      caption,
      "<table\(style)><caption>\(caption)</caption><thead><tr>\(heads)</tr></thead><tbody>\(lines)</tbody></table>"
    )
  }

  /// Content that scrolls by itself, also by keyboard.
  static func scrolling(_ name: String, _ content: Markup) -> Markup {
    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"\(name)\">\(content)</div>"
  }

  /// A sentence that stands out.
  static func note(_ text: String) -> Markup { "<p class=\"note\">\(text)</p>" }

  /// The side of images in the page, in pixels of the file.
  private static let side = 80

  /// An image as part of the page; one that cannot be encoded is its text alone.
  static func image(_ image: RGBImage, alternative: String) -> Markup {
    guard let bytes = try? image.resizedShorterSide(side).pngBytes() else { return "<span>\(alternative)</span>" }
    let data = Data(bytes).base64EncodedString()
    return "<img alt=\"\(alternative)\" width=\"80\" height=\"80\" src=\"data:image/png;base64,\(data)\">"
  }
}

/// A share as a percentage with one decimal.
///
/// The space does not break a line.
func percent(_ share: Double) -> String { "\(decimal(100 * share, 1))\u{A0}%" }

/// A number with about four digits.
func short(_ value: Double) -> String {
  guard value.isFinite else { return "\(value)" }
  let size = abs(value)
  if size == 0 { return "0" }
  if size >= 1e5 || size < 1e-3 { return scientific(value) }
  let places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
  let text = decimal(value, places)
  guard text.contains(".") else { return text }
  let trimmed = text.reversed().drop { digit in digit == "0" }.drop { digit in digit == "." }
  return String(trimmed.reversed())
}

private func scientific(_ value: Double) -> String {
  var (mantissa, exponent) = (abs(value), 0)
  while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  return "\(value < 0 ? "−" : "")\(short(mantissa))e\(exponent)"
}
