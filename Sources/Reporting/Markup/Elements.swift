import Configuration
import FoundationEssentials
import ImageCodecs
import Imaging

/// HTML elements that reports are built from.
enum Elements {
  /// Returns a figure with a heading; `content` must have its own text alternative.
  static func figure(_ title: String, _ content: Markup, caption: String? = nil) -> Markup {
    let note: Markup = caption.map { caption in "<figcaption>\(caption)</figcaption>" } ?? ""
    return "<figure><h3>\(title)</h3>\(content)\(note)</figure>"
  }

  /// Returns a list of large numbers with their names.
  static func numbers(_ pairs: [(name: String, value: String)]) -> Markup {
    let items = pairs.map { name, value in "<div><dt>\(name)</dt><dd>\(value)</dd></div>" as Markup }
    return "<dl class=\"numbers\">\(items)</dl>"
  }

  /// Returns a table that scrolls horizontally if the page is too narrow.
  ///
  /// - Parameters:
  ///   - caption: The name of the table.
  ///   - header: The column headings.
  ///   - rows: The cells; the first cell of a row is its heading.
  ///   - numeric: The columns that contain numbers, which are right-aligned.
  ///   - isText: True for long texts, which wrap anywhere instead of scrolling.
  /// - Returns: The table with its scrolling container.
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

  /// The largest number of columns that are compared in one table, as many as fit on paper.
  private static let comparedColumns = 6

  /// Returns tables that compare values in columns, in a further table after every six columns.
  ///
  /// - Parameters:
  ///   - caption: The name of the table.
  ///   - first: The heading of the first column, that of the rows' names.
  ///   - columns: The headings of the other columns.
  ///   - rows: The name of each row, and its cells in all columns.
  ///   - isNumeric: True if the cells contain numbers, which are right-aligned.
  /// - Returns: The tables one after another.
  static func comparison(
    _ caption: String, first: String, columns: [String], rows: [(name: String, cells: [Markup])], isNumeric: Bool
  ) -> Markup {
    let starts = Array(stride(from: 0, to: columns.count, by: comparedColumns))
    let tables = starts.map { start -> Markup in
      let end = min(start + comparedColumns, columns.count)
      let name = starts.count > 1 ? "\(caption), columns \(start + 1) to \(end) of \(columns.count)" : caption
      return table(
        name, header: [first] + Array(columns[start..<end]),
        rows: rows.map { row -> [Markup] in ["\(row.name)"] + Array(row.cells[start..<end]) },
        numeric: isNumeric ? 1..<end - start + 1 : 0..<0)
    }
    return Markup(joining: tables)
  }

  /// Returns content in a container that scrolls on its own, also by keyboard.
  static func scrolling(_ name: String, _ content: Markup) -> Markup {
    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"\(name)\">\(content)</div>"
  }

  /// Returns a highlighted sentence.
  static func note(_ text: String) -> Markup { "<p class=\"note\">\(text)</p>" }

  /// The side in pixels to which images are reduced before they are embedded in the page.
  private static let side = 80

  /// Returns an image embedded in the page, or only its alternative text if it cannot be encoded.
  static func image(_ image: RGBImage, alternative: String) -> Markup {
    guard let bytes = try? image.resizedShorterSide(side).pngBytes() else { return "<span>\(alternative)</span>" }
    let data = Data(bytes).base64EncodedString()
    return "<img alt=\"\(alternative)\" width=\"80\" height=\"80\" src=\"data:image/png;base64,\(data)\">"
  }
}

/// Formats a fraction as a percentage with one decimal.
///
/// The space before the percent sign does not allow a line break.
func percent(_ share: Double) -> String { "\(decimal(100 * share, 1))\u{A0}%" }

/// Formats a number with about four digits.
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
