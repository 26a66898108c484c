import Foundation

/// A small folder in the form of CIFAR-10: the class shows in the colors, under noise.
enum SyntheticCIFAR {
  /// Label and three planes of 32×32 pixels.
  static let recordByteCount = 1 + 3 * 1024
  /// Samples of all five training files together.
  static let trainingCount = 5 * 40
  /// Samples of the test file.
  static let testCount = 70

  /// The names of the files of the training set.
  static let trainingFiles = (1...5).map { number in "data_batch_\(number).bin" }

  /// The usual files, which nearly every test writes.
  private static let usualFiles = files(recordsPerTrainingFile: trainingCount / 5)

  /// Writes the folder.
  static func write(to folder: String, recordsPerTrainingFile: Int = trainingCount / 5) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let isUsual = recordsPerTrainingFile == trainingCount / 5
    for (name, bytes) in isUsual ? usualFiles : files(recordsPerTrainingFile: recordsPerTrainingFile) {
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }

  private static func files(recordsPerTrainingFile: Int) -> [(name: String, bytes: Data)] {
    var noise = Noise(state: 1)
    return trainingFiles.map { name in (name, records(recordsPerTrainingFile, &noise)) }
      + [("test_batch.bin", records(testCount, &noise))]
  }

  private static func records(_ count: Int, _ noise: inout Noise) -> Data {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * recordByteCount)
    for _ in 0..<count {
      let label = noise.next() % 10
      bytes.append(UInt8(label))
      for channel in 0..<3 {
        let shade = (label * 53 + channel * 91) % 160
        for _ in 0..<1024 {
          bytes.append(UInt8(shade + noise.next() % 64))
        }
      }
    }
    return Data(bytes)
  }

  /// The linear congruential generator of Numerical Recipes.
  private struct Noise {
    var state: UInt32

    mutating func next() -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> 16)
    }
  }
}
