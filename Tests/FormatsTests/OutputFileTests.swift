import Formats
import Foundation
import TestSupport
import Testing

/// Files that a command would replace: those of its own format only.
struct OutputFileTests {
  /// First bytes of files, and the formats that may replace them.
  private static let files: [(bytes: [UInt8], title: String?, replacedBy: [OutputFile.Format])] = [
    ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16], "a JPEG image", []),
    ([0x89, 0x50, 0x4E, 0x47, 13, 10], "a PNG image", [.png]),
    ([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), "a safetensors file", [.safetensors]),
    // A header of 19,778 bytes, a length that begins as a BMP image does.
    ([0x42, 0x4D, 0, 0, 0, 0, 0, 0, 0x7B, 0x22], "a safetensors file", [.safetensors]),
    // A GGUF file of 123 tensors, the code of a brace.
    ([0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0, 123, 0, 0, 0], "a GGUF file", []),
    ([0x80, 4, 0x95, 10, 0, 0, 0, 0, 0, 0, 0], "a pickle or a file of torch.save", []),
    (Array("ARROW1\0\0".utf8), "an Arrow file", []),
    (Array("MATLAB 5.0 MAT-file, Platform: GLNXA64".utf8), "a MATLAB file", []),
    ([0x93] + Array("NUMPY".utf8) + [1, 0], "a NumPy array", [.numPy]),
    (Array("<!DOCTYPE html><html>".utf8), "an HTML page", [.html]),
    (Array("{\"views\": 1}".utf8), "a JSON file", [.json]),
    (Array("sample,name\n0,été\n".utf8), "a text file", [.csv]),
    (Array("version https://git-lfs.github.com/spec/v1\n".utf8), FileFormat.lfsPointer.title, []),
    (Array("eight888{ and so on".utf8), "a text file", [.csv]),
    ([0x08, 0x08, 0x12, 6] + Array("supcon".utf8), nil, OutputFile.Format.allCases),
    ([0x1F, 0x8B, 8, 0], "a gzip archive", []), ([1, 2, 3, 4], nil, OutputFile.Format.allCases),
    ([], nil, OutputFile.Format.allCases),
  ]

  @Test func `a file of another known format is not replaced`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("file")
    for format in OutputFile.Format.allCases { #expect(try !OutputFile(path, format).check()) }
    for file in Self.files {
      #expect(FileFormat(start: file.bytes)?.title == file.title, "\(file.bytes)")
      try writeBytes(file.bytes, to: path)
      for format in OutputFile.Format.allCases {
        let output = OutputFile(path, format, option: "--sheet")
        if file.replacedBy.contains(format) {
          #expect(try output.check(), "\(file.bytes) by \(format)")
        } else {
          let error = #expect(throws: FileError.self, "\(file.bytes) by \(format)") { try output.check() }
          #expect(error?.kind == .creation)
          #expect(error?.description == "\(path): exists and is not \(format.rawValue); choose another --sheet")
        }
      }
      #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == file.bytes)
    }
  }

  @Test func `an ending of another format is refused, and any other is taken`() {
    let refused: [(String, OutputFile.Format, String)] = [
      ("a/x.csv", .numPy, ".npy"), ("x.NPZ", .numPy, ".npy"), ("x.npy", .csv, ".csv"), ("x.tsv", .csv, ".csv"),
      ("x.html", .json, ".json"), ("x.json", .html, ".html"), ("x.csv", .safetensors, ".safetensors"),
      ("x.txt", .numPy, ".npy"), ("x.zip", .numPy, ".npy"), ("x.XLSX", .csv, ".csv"), ("x.txt", .png, ".png"),
    ]
    for (path, format, advice) in refused {
      let problem = OutputFile(path, format, option: "--table").endingProblem
      #expect(problem?.hasPrefix("--table \(path): ends in ") == true, "\(path)")
      #expect(problem?.hasSuffix("is written as \(format.rawValue); give a name that ends in \(advice)") == true)
    }
    let taken: [(String, OutputFile.Format)] = [
      ("x.npy", .numPy), ("x.NPY", .numPy), ("x", .numPy), ("x.csv/y", .numPy), ("x.bin", .csv), ("v1.5", .html),
      ("x.htm", .html), ("keep.jpg", .png), ("x.txt", .csv),
    ]
    for (path, format) in taken {
      #expect(OutputFile(path, format).endingProblem == nil, "\(path)")
    }
  }

  @Test(arguments: [
    ([UInt8]([0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0]), "is a JPEG image, not a safetensors file of weights"),
    (Array("these are no weights".utf8), "is a text file, not a safetensors file of weights"),
    ([0x80, 2, 0, 0, 0, 0, 0, 0, 0, 0], "convert it (pip install torch safetensors)"),
  ])
  func `what is no file of weights is named`(bytes: [UInt8], part: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("new.bin")
    try writeBytes(bytes, to: path)
    let error = #expect(throws: FileError.self) { _ = try WeightFileFormat.open(path) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }
}
