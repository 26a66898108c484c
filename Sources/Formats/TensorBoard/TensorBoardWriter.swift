import Glibc

/// A writer of a TensorBoard event file, which holds scalars, histograms, images and texts by step.
///
/// A record consists of the length of its data (8 bytes), the masked checksum of the length, the data, and the masked
/// checksum of the data. Each start of a run writes a new file, so that a truncated record affects nothing after it.
/// The file of a resumed run tells TensorBoard to drop the steps that are computed again. Each event is written by one
/// system call, so that readers see complete events.
@safe
public struct TensorBoardWriter: ~Copyable {
  /// A value in an event.
  public enum Value: Sendable {
    /// A number, plotted over the steps.
    case scalar(Float)
    /// A histogram of many numbers.
    case histogram(TensorBoardHistogram)
    /// A color image as a PNG file, with its width and height in pixels.
    case image(png: [UInt8], width: Int, height: Int)
    /// A text in Markdown.
    case text(String)
  }

  /// The path of the file.
  public let path: String
  private let descriptor: Int32

  /// Creates an event file.
  ///
  /// - Parameters:
  ///   - folder: The existing folder of the event files.
  ///   - firstStep: The first step that will be written; events of this and later steps in the folder's older files
  ///     become invalid.
  ///   - time: The start time in seconds since 1970, which is part of the file name and determines the order of the
  ///     files.
  /// - Throws: ``FileError`` if the file cannot be created.
  public init(folder: String, firstStep: Int = 0, time: Double) throws(FileError) {
    var name = [CChar](repeating: 0, count: 256)
    unsafe gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { letter in letter != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    var number = 0
    var path = ""
    var descriptor: Int32 = -1
    repeat {
      path = "\(folder)/events.out.tfevents.\(String(Int(time), width: 10)).\(host).\(getpid()).\(number)"
      descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
      number += 1
    } while descriptor < 0 && errno == EEXIST
    let code = errno
    (self.path, self.descriptor) = (path, descriptor)
    guard descriptor >= 0 else { throw FileError(creating: path, code: code) }
    var version = ProtobufMessage()
    version.add(1, time)
    version.add(3, "brain.Event:2")
    try append(version)
    // SessionLog.START: TensorBoard discards events of older files from this step on.
    var session = ProtobufMessage()
    session.add(1, 1)
    var start = ProtobufMessage()
    start.add(1, time)
    start.add(2, firstStep)
    start.add(7, session)
    try append(start)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
    }
  }

  /// Appends an event.
  ///
  /// - Parameters:
  ///   - values: The values by their tags, for example `loss/contrastive`.
  ///   - step: The training step.
  ///   - time: The time in seconds since 1970.
  /// - Throws: ``FileError``, for example if the disk is full; the file then ends with a truncated event, which readers
  ///   skip.
  public func add(_ values: [(tag: String, value: Value)], step: Int, time: Double) throws(FileError) {
    var summary = ProtobufMessage()
    for (tag, value) in values {
      summary.add(1, Self.message(tag, value))
    }
    var event = ProtobufMessage()
    event.add(1, time)
    event.add(2, step)
    event.add(5, summary)
    try append(event)
  }

  /// Returns a Summary.Value message; the numbers in the body are the field numbers of summary.proto.
  private static func message(_ tag: String, _ value: Value) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, tag)
    switch value {
    case .scalar(let number):
      message.add(2, number)
    case .histogram(let histogram):
      message.add(5, histogram.message)
    case .image(let png, let width, let height):
      var image = ProtobufMessage()
      image.add(1, height)
      image.add(2, width)
      // RGB.
      image.add(3, 3)
      image.add(4, bytes: png)
      message.add(4, image)
    case .text(let text):
      var plugin = ProtobufMessage()
      plugin.add(1, "text")
      var metadata = ProtobufMessage()
      metadata.add(1, plugin)
      var shape = ProtobufMessage()
      var extent = ProtobufMessage()
      extent.add(1, 1)
      shape.add(2, extent)
      var tensor = ProtobufMessage()
      // DT_STRING.
      tensor.add(1, 7)
      tensor.add(2, shape)
      tensor.add(8, text)
      message.add(8, tensor)
      message.add(9, metadata)
    }
    return message
  }

  private func append(_ event: ProtobufMessage) throws(FileError) {
    let record = Self.record(event.encoded)
    unsafe try writeAll(record.span.bytes, to: descriptor, path: path)
  }

  private static func record(_ data: [UInt8]) -> [UInt8] {
    func littleEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { byte in UInt8(truncatingIfNeeded: number >> (8 * byte)) }
    }
    let length = littleEndian(UInt64(data.count), 8)
    return length + littleEndian(UInt64(CRC32C.masked(length)), 4) + data
      + littleEndian(UInt64(CRC32C.masked(data)), 4)
  }
}
