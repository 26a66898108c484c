import Foundation
import Glibc
import Imaging
import TestSupport

// decoder-fuzz FOLDER ENDING TRIES [FIRST]: decodes damaged copies of the folder's files, each damage a function of its number.
//
// A crash leaves the file in decoder-fuzz.last; a try that takes longer than a second, or lets the process grow beyond 1 GiB, ends it too.

let arguments = CommandLine.arguments
guard arguments.count >= 4, let tries = Int(arguments[3]) else {
  print("usage: decoder-fuzz FOLDER ENDING TRIES [FIRST]")
  exit(64)
}
let first = arguments.count > 4 ? Int(arguments[4]) ?? 0 : 0
let names = try FileManager.default.contentsOfDirectory(atPath: arguments[1]).filter { name in
  name.hasSuffix(arguments[2])
}
.sorted()
let files = try names.map { name in Array(try Data(contentsOf: URL(fileURLWithPath: "\(arguments[1])/\(name)"))) }
guard !files.isEmpty else {
  print("\(arguments[1]): holds no file that ends with \(arguments[2])")
  exit(66)
}

// One file written over: making a new one takes longer than decoding.
let last = unsafe open("decoder-fuzz.last", O_RDWR | O_CREAT | O_TRUNC, 0o644)
let secondsAllowed = 1.0
let kibibytesAllowed = 1 << 20
var accepted = 0
var slowest = 0.0
for number in first..<first + tries {
  var mutations = Mutations(seed: UInt64(number))
  let bytes = mutations.damaged(files[number % files.count], other: files[(number / files.count) % files.count])
  guard unsafe pwrite(last, bytes, bytes.count, 0) == bytes.count, ftruncate(last, off_t(bytes.count)) == 0 else {
    print("decoder-fuzz.last: cannot be written")
    exit(74)
  }
  let start = Date()
  let target = number.isMultiple(of: 3) ? ImageSize(width: 16, height: 16) : nil
  if (try? RGBImage(decoding: bytes, scaledFor: target)) != nil {
    accepted += 1
  }
  let seconds = Date().timeIntervalSince(start)
  slowest = max(slowest, seconds)
  var usage = rusage()
  unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  guard seconds < secondsAllowed, usage.ru_maxrss < kibibytesAllowed else {
    print("try \(number), decoder-fuzz.last: \(seconds) s, \(usage.ru_maxrss) KiB at most")
    exit(1)
  }
}
var usage = rusage()
unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
print(
  "\(tries) damaged files ending with \(arguments[2]): no crash, \(accepted) decoded, "
    + "slowest \(Int(slowest * 1000)) ms, \(usage.ru_maxrss >> 10) MiB at most")
