import Foundation
import Glibc
import ImageCodecs
import TestSupport
import Testing

/// The image files in the folders that a command is given: found as those of a training set are.
struct ImageArgumentTests {
  private static let noted =
    "passed over 2 images of formats that are not read (.cr2 1, .heic 1: x.heic, y.CR2); 1 system file or folder (._ files of macOS: ._0.png); 1 hidden (.0.png)"

  /// A workshop with a run.
  private func workshop() throws -> Workshop {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0", "--model", "resnet8", "--image-size", "16"]))
    return workshop
  }

  /// Writes an image, and the folders on its way; the name need not be UTF-8.
  private func writeImage(in folder: String, _ name: [UInt8]) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let samples = (0..<16 * 16 * 3).map { sample in UInt8(truncatingIfNeeded: sample * 7) }
    let bytes = try RGBImage(width: 16, height: 16, samples: samples).pngBytes()
    let path = (Array("\(folder)/".utf8) + name).map(CChar.init(bitPattern:)) + [0]
    let file = unsafe open(path, O_WRONLY | O_CREAT, 0o644)
    try #require(file >= 0)
    #expect(unsafe write(file, bytes, bytes.count) == bytes.count)
    close(file)
  }

  private func writeImage(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
    try writeImage(in: url.deletingLastPathComponent().path, Array(url.lastPathComponent.utf8))
  }

  private func link(_ path: String, to destination: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: destination)
  }

  /// Writes features of images, with a table, and returns the result of the command.
  private func embed(_ workshop: Workshop, ranks: Int = 1, _ images: [String]) throws -> ProcessResult {
    try workshop.run(
      ranks: ranks,
      ["embed", workshop.path("run")] + images
        + ["--output", workshop.path("rows.npy"), "--table", workshop.path("rows.csv")])
  }

  /// The paths in the table that ``embed(_:ranks:_:)`` wrote.
  private func embedded(_ workshop: Workshop) throws -> [String] {
    try workshop.text("rows.csv").split(separator: "\n").dropFirst().map { line in
      String(line.split(separator: ",", omittingEmptySubsequences: false)[2])
    }
  }

  @Test func `links are followed, names need not be UTF-8, and what is passed over is named`() throws {
    let workshop = try workshop()
    let photos = workshop.path("photos")
    for name in ["photos/0.png", "photos/more/1.png", "elsewhere/2.png", "photos/.0.png"] {
      try writeImage(workshop.path(name))
    }
    try writeImage(in: photos, [0xFF] + Array(".png".utf8))
    for name in ["x.heic", "y.CR2", "._0.png"] {
      try writeBytes([1], to: "\(photos)/\(name)")
    }
    try link("\(photos)/linked", to: workshop.path("elsewhere"))
    try link(workshop.path("album"), to: photos)
    for (ranks, folder) in [(1, "photos"), (1, "album"), (3, "album/")] {
      let result = try succeeding(embed(workshop, ranks: ranks, [workshop.path(folder)]))
      let root = workshop.path(folder == "photos" ? "photos" : "album")
      let names = ["0.png", "\u{FFFD}.png", "linked/2.png", "more/1.png"]
      #expect(try embedded(workshop) == names.map { name in "\(root)/\(name)" })
      #expect(result.standardOutput.contains("note: \(root): \(Self.noted)"), "\(result.standardOutput)")
    }

    // The sheet reads the files once more.
    let sheet = workshop.path("sheet.html")
    let near = try succeeding(
      workshop.run(["neighbors", workshop.path("run"), photos, "--neighbors", "2", "--sheet", sheet]))
    #expect(near.standardError.contains("note: \(photos): \(Self.noted)"), "\(near.standardError)")
    #expect(near.standardError.contains("4 images with their neighbors"), "\(near.standardError)")
  }

  @Test func `broken and circular links are named, and the other files done`() throws {
    let workshop = try workshop()
    let photos = workshop.path("photos")
    try writeImage("\(photos)/0.png")
    try writeImage("\(photos)/sub/1.png")
    try link("\(photos)/loop", to: photos)
    try link("\(photos)/sub/gone", to: "/nowhere")
    try link("\(photos)/sub/gone.png", to: "/nowhere")
    for ranks in [1, 2] {
      let result = try embed(workshop, ranks: ranks, [photos])
      #expect(result.exitCode == 65)
      for part in [
        "\(photos)/loop: is a link to a folder that it lies in; remove the link",
        "\(photos)/sub/gone: is a broken symbolic link; fix or remove it",
        "\(photos)/sub/gone.png: is a broken symbolic link; fix or remove it",
      ] {
        #expect(result.standardError.contains("Error: \(part)"), "\(result.standardError)")
      }
      #expect(try embedded(workshop) == ["\(photos)/0.png", "\(photos)/sub/1.png"])
    }
  }

  @Test(arguments: [1, 3])
  func `images that were clipped to white are told once each, in every command with images`(ranks: Int) throws {
    let workshop = try workshop()
    let (run, photos) = (workshop.path("run"), workshop.path("photos"))
    try succeeding(workshop.run(["linear", run, "--epochs", "1", "--batch-size", "32"]))
    let white = try RGBImage(width: 4, height: 4, samples: Array(repeating: 255, count: 48)).pngBytes()
    // More than are computed one by one, so that the last block is padded with the last file.
    for number in 0..<20 {
      try writeImage("\(photos)/\(number).png")
    }
    for name in ["w1.png", "w2.png"] {
      try writeBytes(white, to: "\(photos)/\(name)")
    }
    let warning = "warning: of 22 images, 2 white all over (9.1 %); if they have 16 bits, they were clipped to 8"
    let output = ["--output", workshop.path("rows.npy")]
    for arguments in [["predict", run, photos], ["neighbors", run, photos], ["embed", run, photos] + output] {
      let result = try succeeding(workshop.run(ranks: ranks, arguments))
      let text = result.standardOutput + result.standardError
      #expect(text.ranges(of: warning).count == 1, "\(arguments): \(text)")
    }
    let plain = try succeeding(workshop.run(ranks: ranks, ["predict", run, "\(photos)/0.png"]))
    #expect(!plain.standardError.contains("warning: of"), "\(plain.standardError)")
  }

  @Test func `a folder without usable images says what it holds`() throws {
    let workshop = try workshop()
    for name in ["a.heic", "b.avif", "._c.png"] {
      let folder = workshop.path("only-\(name)")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try writeBytes([1], to: "\(folder)/\(name)")
      let result = try embed(workshop, [folder])
      expectRefusal(result, 66, naming: ["\(folder): no image files found"])
      #expect(result.standardOutput.contains("note: \(folder): passed over 1 "), "\(result.standardOutput)")
      #expect(result.standardOutput.contains(name), "\(result.standardOutput)")
    }
  }

  /// In arguments, bytes that are not UTF-8 have become replacement characters.
  @Test func `a missing file whose name is not UTF-8 is told as such`() throws {
    let workshop = try workshop()
    try writeImage(workshop.path("photos/0.png"))
    let (there, missing) = (workshop.path("photos/0.png"), workshop.path("photos/\u{FFFD}.png"))
    let advice = "its name is not UTF-8: rename it, or give the folder that it lies in"
    expectRefusal(try embed(workshop, [missing]), 66, naming: ["\(missing): does not exist; \(advice)"])
    expectRefusal(try embed(workshop, [workshop.path("none.png")]), 66, naming: ["does not exist; check the path"])
    let both = try embed(workshop, [there, missing])
    #expect(both.exitCode == 65)
    #expect(both.standardError.contains("\(missing): cannot open it: No such file"), "\(both.standardError)")
    #expect(both.standardError.contains("; \(advice)"), "\(both.standardError)")
    #expect(try embedded(workshop) == [there])
  }
}
