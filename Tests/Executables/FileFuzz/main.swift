import Foundation
import Glibc
import TestSupport

// file-fuzz FOLDER ENDING TRIES [FIRST]: reads damaged copies of the folder's files, each damage a function of its
// number. file-fuzz make FOLDER: writes whole files of the formats that supcon writes itself, to be damaged.
//
// A crash leaves the file in file-fuzz.last; a try that takes longer than a second, or lets the process grow beyond
// 256 MiB, ends it too.

let arguments = CommandLine.arguments
if arguments.count == 3, arguments[1] == "make" {
  try Seeds.write(to: arguments[2])
  exit(0)
}
guard arguments.count >= 4, let tries = Int(arguments[3]), let read = Readers.byEnding[arguments[2]] else {
  print(
    "usage: file-fuzz FOLDER \(Readers.byEnding.keys.sorted().joined(separator: "|")) TRIES [FIRST], or file-fuzz make FOLDER"
  )
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

// One file written over: making a new one takes longer than reading it.
let lastPath = "file-fuzz.last"
let last = unsafe open(lastPath, O_RDWR | O_CREAT | O_TRUNC, 0o644)
let secondsAllowed = 1.0
let kibibytesAllowed = 256 << 10
var accepted = 0
var slowest = 0.0
for number in first..<first + tries {
  var mutations = Mutations(seed: UInt64(number))
  let bytes = mutations.damaged(files[number % files.count], other: files[(number / files.count) % files.count])
  guard unsafe pwrite(last, bytes, bytes.count, 0) == bytes.count, ftruncate(last, off_t(bytes.count)) == 0 else {
    print("\(lastPath): cannot be written")
    exit(74)
  }
  let start = Date()
  if (try? read(lastPath, bytes, number)) != nil {
    accepted += 1
  }
  let seconds = Date().timeIntervalSince(start)
  slowest = max(slowest, seconds)
  var usage = rusage()
  unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  guard seconds < secondsAllowed, usage.ru_maxrss < kibibytesAllowed else {
    print("try \(number), \(lastPath): \(seconds) s, \(usage.ru_maxrss) KiB at most")
    exit(1)
  }
}
var usage = rusage()
unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
print(
  "\(tries) damaged files ending with \(arguments[2]): no crash, \(accepted) read, "
    + "slowest \(Int(slowest * 1000)) ms, \(usage.ru_maxrss >> 10) MiB at most")
