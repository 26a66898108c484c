/// The records of a text with values separated by commas, semicolons, tabs, bars or spaces (RFC 4180).
public struct CSVRecords: Sendable {
  /// One record (row) of the text.
  public struct Record: Sendable, Equatable {
    /// The fields of the record, without enclosing quotes.
    public internal(set) var fields: [String]
    /// The number of the record's first line, counted from 1.
    public internal(set) var line: Int
  }

  /// The separator of fields.
  public let separator: Unicode.Scalar
  /// The records of the text, except blank lines.
  public private(set) var records: [Record] = []

  /// Returns the first of tab, semicolon, comma, bar and space that occurs outside quotes in the first line.
  private static func separator(of text: Substring.UnicodeScalarView) -> Unicode.Scalar {
    var found: Set<Unicode.Scalar> = []
    var isQuoted = false
    let line = text.drop { scalar in scalar.properties.isWhitespace }
    for scalar in line.prefix(while: { scalar in scalar != "\n" && scalar != "\r" }) {
      if scalar == "\"" { isQuoted.toggle() }
      if !isQuoted { found.insert(scalar) }
    }
    return ["\t", ";", ",", "|", " "].first(where: found.contains) ?? ","
  }

  /// Parses a text; the separator is the first of tab, semicolon, comma, bar and space that occurs outside quotes in
  /// the first line.
  ///
  /// - Throws: ``FileError`` naming the line of a quote that is not closed, or of text after a closing quote.
  public init(_ text: String, path: String) throws(FileError) {
    let text = text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
    separator = Self.separator(of: text)
    let separator = separator
    var record = Record(fields: [], line: 1)
    var field = String.UnicodeScalarView()
    var (line, quoteLine) = (1, 0)
    var (isQuoted, wasQuoted) = (false, false)
    var position = text.startIndex
    func end() {
      record.fields.append(String(field))
      field.removeAll()
      wasQuoted = false
    }
    func endRecord() {
      end()
      if record.fields.contains(where: { field in !field.allSatisfy(\.isWhitespace) }) { records.append(record) }
      record = Record(fields: [], line: line)
    }
    while position < text.endIndex {
      let scalar = text[position]
      position = text.index(after: position)
      let next = position < text.endIndex ? text[position] : nil
      if scalar == "\n" || (scalar == "\r" && next != "\n") { line += 1 }
      switch scalar {
      case "\"" where isQuoted && next == "\"":
        field.append(scalar)
        position = text.index(after: position)
      case "\"" where isQuoted: (isQuoted, wasQuoted) = (false, true)
      case _ where isQuoted: field.append(scalar)
      case "\"" where field.allSatisfy({ $0.properties.isWhitespace }) && !wasQuoted:
        field.removeAll()
        (isQuoted, quoteLine) = (true, line)
      case " " where separator == " " && (next.map(\.properties.isWhitespace) ?? true || field.isEmpty && !wasQuoted):
        break
      case separator: end()
      case "\r" where next == "\n": break
      case "\n", "\r": endRecord()
      case _ where wasQuoted && !scalar.properties.isWhitespace:
        throw FileError(
          .content, "\(path), line \(line): has text after a closing quote; write a quote in a field as \"\"")
      case _ where wasQuoted: break
      default: field.append(scalar)
      }
    }
    guard !isQuoted else { throw FileError(.content, "\(path), line \(quoteLine): has a quote without its end") }
    endRecord()
  }
}
