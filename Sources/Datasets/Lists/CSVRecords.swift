import Formats

/// The records of a text with comma-, semicolon- or tab-separated values (RFC 4180).
struct CSVRecords {
  /// One record (row) of the text.
  struct Record: Equatable {
    /// The fields of the record, without enclosing quotes.
    var fields: [String]
    /// The number of the record's first line, counted from 1.
    var line: Int
  }

  /// The records of the text, except blank lines.
  private(set) var records: [Record] = []

  /// Parses a text; the separator is the first of tab, semicolon and comma that occurs in the first line.
  ///
  /// - Throws: ``FileError`` naming the line of a quote that is not closed, or of text after a closing quote.
  init(_ text: String, path: String) throws(FileError) {
    let text = text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
    let firstLine = text.prefix { scalar in scalar != "\n" && scalar != "\r" }
    let separator: Unicode.Scalar = firstLine.contains("\t") ? "\t" : firstLine.contains(";") ? ";" : ","
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
