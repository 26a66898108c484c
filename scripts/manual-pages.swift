// Writes the manual pages of supcon and of each of its commands, from what the program itself says of its options:
//
//   swiftc -O scripts/manual-pages.swift -o manual-pages
//   supcon --experimental-dump-help | ./manual-pages FOLDER VERSION

import FoundationEssentials

// MARK: - What the program says

struct Help: Decodable {
  var command: Command
}

struct Command: Decodable {
  var commandName: String
  var abstract: String?
  var discussion: String?
  var superCommands: [String]?
  var subcommands: [Command]?
  var arguments: [Argument]?
  var shouldDisplay: Bool?

  /// The words that start the command, such as `supcon dataset pack`.
  var words: [String] { (superCommands ?? []) + [commandName] }
  /// The subcommands without the parser's own `help`.
  var ownSubcommands: [Command] {
    (subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }
  }
}

struct Argument: Decodable {
  enum Kind: String, Decodable { case positional, option, flag }
  struct Name: Decodable {
    var kind: String
    var name: String
    var spelled: String { (kind == "long" ? "--" : "-") + name }
  }

  var kind: Kind
  var names: [Name]?
  var valueName: String?
  var abstract: String?
  var discussion: String?
  var defaultValue: String?
  var sectionTitle: String?
  var isOptional: Bool
  var isRepeating: Bool
  var shouldDisplay: Bool
}

// MARK: - Roff

/// Text in which no character is a request of roff.
func escaped(_ text: String) -> String {
  let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
  return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
}

/// Lines of running text; an empty line begins a paragraph.
func paragraphs(_ text: String) -> [String] {
  text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
    switch line {
    case "": [".PP"]
    case let line where line.hasPrefix(" "): [".nf", escaped(String(line)), ".fi"]
    case let line where line.hasPrefix("Example: "): [".PP", escaped(String(line)), ".PP"]
    default: [escaped(String(line))]
    }
  }
}

/// An argument as the synopsis shows it.
func synopsis(of argument: Argument) -> String {
  let value = "\\fI" + escaped(argument.valueName ?? "value") + "\\fR" + (argument.isRepeating ? " ..." : "")
  return argument.isOptional ? "[\(value)]" : value
}

func entry(of argument: Argument) -> [String] {
  let value = "\\fI" + escaped(argument.valueName ?? "value") + "\\fR"
  let names = (argument.names ?? []).map { "\\fB" + escaped($0.spelled) + "\\fR" }
  let head =
    switch argument.kind {
    case .positional: value
    case .option: names.joined(separator: ", ") + " " + value
    case .flag: names.joined(separator: ", ")
    }
  var text = argument.abstract ?? ""
  if let value = argument.defaultValue, !text.contains("(default:") { text += " (default: \(value))" }
  return [".TP", head] + paragraphs(text.isEmpty ? argument.valueName ?? "" : text)
    + (argument.discussion.map { [".sp"] + paragraphs($0) } ?? [])
}

// MARK: - Pages

func page(of command: Command, version: String) -> String {
  let title = command.words.joined(separator: "-")
  let shown = (command.arguments ?? []).filter(\.shouldDisplay)
  let positional = shown.filter { $0.kind == .positional }
  let options = shown.filter { $0.kind != .positional }
  let abstract = command.abstract?.split(separator: "\n").first.map(String.init) ?? command.commandName

  var lines = [
    ".TH \"\(title.uppercased().replacing("-", with: "\\-"))\" 1 \"\" \"supcon \(version)\" \"supcon\"",
    ".SH NAME", "\(escaped(title)) \\- \(escaped(abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract))",
    ".SH SYNOPSIS",
    "\\fB" + command.words.joined(separator: " ") + "\\fR"
      + (options.isEmpty ? "" : " [\\fIoptions\\fR]") + positional.map { " " + synopsis(of: $0) }.joined()
      + (command.ownSubcommands.isEmpty ? "" : " \\fIsubcommand\\fR"),
  ]
  if let discussion = command.discussion, !discussion.isEmpty {
    lines += [".SH DESCRIPTION"] + paragraphs(discussion)
  }
  if !command.ownSubcommands.isEmpty {
    lines.append(".SH SUBCOMMANDS")
    for subcommand in command.ownSubcommands {
      lines += [".TP", "\\fB" + escaped(subcommand.commandName) + "\\fR"] + paragraphs(subcommand.abstract ?? "")
    }
  }
  if !positional.isEmpty { lines += [".SH ARGUMENTS"] + positional.flatMap(entry) }
  var titles: [String] = []
  for option in options where !titles.contains(option.sectionTitle ?? "Options") {
    titles.append(option.sectionTitle ?? "Options")
  }
  for title in titles {
    lines += [".SH \"\(title.uppercased())\""]
    lines += options.filter { ($0.sectionTitle ?? "Options") == title }.flatMap(entry)
  }
  var related = command.ownSubcommands.map { $0.words.joined(separator: "-") }
  if let parents = command.superCommands { related.insert(parents.joined(separator: "-"), at: 0) }
  related.append("supcon-launch")
  lines.append(".SH SEE ALSO")
  lines.append(related.map { "\\fB\(escaped($0))\\fR(1)" }.joined(separator: ", "))
  lines.append(".PP")
  lines.append("Guides, and the exit codes: /usr/share/doc/supcon or share/doc/supcon of the installation.")
  return lines.joined(separator: "\n") + "\n"
}

func write(_ command: Command, under words: [String], to folder: String, version: String) throws {
  var command = command
  command.superCommands = words.isEmpty ? nil : words
  let path = folder + "/" + command.words.joined(separator: "-") + ".1"
  try Data(page(of: command, version: version).utf8).write(to: URL(filePath: path))
  for subcommand in command.ownSubcommands {
    try write(subcommand, under: command.words, to: folder, version: version)
  }
}

guard CommandLine.arguments.count == 3 else {
  fatalError("usage: manual-pages FOLDER VERSION, the help as JSON on standard input")
}
var input = ""
while let line = readLine(strippingNewline: false) { input += line }
let help = try JSONDecoder().decode(Help.self, from: Data(input.utf8))
try write(help.command, under: [], to: CommandLine.arguments[1], version: CommandLine.arguments[2])
