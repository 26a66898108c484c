import OneDNN

/// The scratch memory of a training pass that the saved activations lend.
///
/// The activations of the last blocks are the last to be saved and the first that the backward pass no longer needs.
/// While the first ("early") blocks are computed, forward or backward, this memory is unused, and serves as their
/// scratch memory:
///
///     forward   early blocks   scratch memory │ last blocks   activations │
///     backward                                │ last blocks   activations │ early blocks   scratch memory
struct ScratchPlan {
  /// The number of early blocks; 0 if the activations of the others are too small.
  let earlyBlockCount: Int
  /// The bytes of each role in the lent memory.
  let places: [ScratchRole: Range<Int>]
  /// The size of the lent memory in bytes.
  let byteCount: Int

  /// The numbers of elements of a block's maps.
  private struct Block {
    let input: Int
    let output: Int
    /// The largest output of a convolution before the last.
    let hidden: Int
    /// The saved activations.
    let saved: Int
    /// True if the output is scratch memory.
    let isOutputRestored: Bool
  }

  /// Chooses the early blocks so that the other scratch memory is smallest.
  ///
  /// - Parameters:
  ///   - architecture: The architecture of the encoder.
  ///   - views: The number of views in a pass.
  ///   - height: The height of a view in pixels.
  ///   - width: The width of a view in pixels.
  ///   - precision: The data type of the feature maps.
  init(_ architecture: ResNetArchitecture, views: Int, height: Int, width: Int, _ precision: Precision) {
    var (height, width) = (height, width)
    func halve() {
      (height, width) = ((height + 1) / 2, (width + 1) / 2)
    }
    func count(_ channels: Int) -> Int { views * channels * height * width }
    if architecture.stem == .imagenet {
      halve()
    }
    let convolved = count(architecture.widths[0])
    let isPooling = architecture.stem == .imagenet
    if isPooling {
      halve()
    }
    var stem: [ScratchRole: Int] = [.stem: convolved]
    stem[isPooling ? .hidden : .main] = convolved
    stem[.pooled] = isPooling ? count(architecture.widths[0]) : nil
    let blocks = architecture.blocks.enumerated().map { index, block -> Block in
      let input = count(block.inputChannels)
      let maps = block.branch.map { convolution in
        if convolution.stride == 2 {
          halve()
        }
        return count(convolution.outputChannels)
      }
      let output = count(block.outputChannels)
      let isRestored = index.isMultiple(of: 2)
      return Block(
        input: input, output: output, hidden: maps.dropLast().max() ?? 0,
        saved: maps.reduce(0, +) + (block.shortcut == .projected ? output : 0) + (isRestored ? 0 : output),
        isOutputRestored: isRestored)
    }

    let choices = blocks.indices.dropFirst(2).flatMap { count in
      [Choice(blocks, earlyCount: count, stem, lendsSecond: false)]
        + (count < 4 ? [] : [Choice(blocks, earlyCount: count, stem, lendsSecond: true)])
    }
    let best = choices.filter(\.isPossible).min { one, other in one.cost < other.cost }
    earlyBlockCount = best?.earlyCount ?? 0
    var end = 0
    var places: [ScratchRole: Range<Int>] = [:]
    for role in [ScratchRole.main, .shortcut, .hidden, .evenOutput, .oddOutput, .stem, .pooled] {
      let size = (best?.early[role] ?? 0) * precision.byteCount
      places[role] = size > 0 ? end..<end + size : nil
      end += (size + 63) / 64 * 64
    }
    self.places = places
    byteCount = end
  }

  /// A number of early blocks.
  private struct Choice {
    let earlyCount: Int
    /// The numbers of elements of the lent scratch memory.
    let early: [ScratchRole: Int]
    /// True if the activations of the other blocks are as large.
    let isPossible: Bool
    /// The elements of the other scratch memory, and of activations that another choice would not save.
    let cost: Int

    /// Examines a choice.
    ///
    /// - Parameters:
    ///   - blocks: All blocks.
    ///   - earlyCount: The number of early blocks.
    ///   - stem: The scratch memory of the stem.
    ///   - lendsSecond: True if the output of the second block is restored for the third and fourth, which have to be
    ///     early, instead of being saved.
    init(_ blocks: [Block], earlyCount: Int, _ stem: [ScratchRole: Int], lendsSecond: Bool) {
      self.earlyCount = earlyCount
      // The last early output is read while the activations of the next block are saved.
      var early = Self.sizes(blocks[..<earlyCount], outputs: blocks[..<(earlyCount - 1)])
      early.merge(stem, uniquingKeysWith: max)
      early[.oddOutput] = lendsSecond ? blocks[1].output : nil
      self.early = early
      let late = Self.sizes(blocks[earlyCount...], outputs: blocks[(earlyCount - 1)...])
      isPossible =
        early.values.reduce(0, +) <= blocks[earlyCount...].reduce(0) { sum, block in sum + block.saved }
      cost = late.values.reduce(0, +) + (lendsSecond ? 0 : blocks[1].output)
    }

    /// Returns the largest number of elements of each role.
    private static func sizes(_ blocks: ArraySlice<Block>, outputs: ArraySlice<Block>) -> [ScratchRole: Int] {
      func largest(_ count: (Block) -> Int) -> Int { blocks.map(count).max() ?? 0 }
      return [
        .main: largest { block in max(block.input, block.hidden, block.output) },
        .shortcut: largest { block in max(block.input, block.output) }, .hidden: largest(\.hidden),
        .evenOutput: outputs.filter(\.isOutputRestored).map(\.output).max() ?? 0,
      ]
    }
  }
}

/// The memory of a shard's saved activations that is lent to the early blocks.
final class LendingMemory {
  let memory: DeferredMemory
  private var used = 0

  /// The bytes that no activations use.
  var unusedByteCount: Int { memory.byteCount - used }

  /// Creates memory without activations.
  init(byteCount: Int) {
    memory = DeferredMemory(byteCount: byteCount)
  }

  /// Reserves bytes for activations.
  ///
  /// - Returns: Their position, or `nil` if the rest of the memory is too small.
  func reserve(_ byteCount: Int) -> Int? {
    guard used + byteCount <= memory.byteCount else { return nil }
    defer { used += (byteCount + 63) / 64 * 64 }
    return used
  }
}
