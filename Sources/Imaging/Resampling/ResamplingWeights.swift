import Kernels

/// The weights for resizing rows or columns, computed as in Pillow: in float64, normalized to a sum of 1, rounded to
/// multiples of 2⁻²².
@safe
struct ResamplingWeights: ~Copyable {
  private var starts = ScratchBuffer<Int32>()
  private var counts = ScratchBuffer<Int32>()
  private var weights = ScratchBuffer<Int32>()
  private var exact = ScratchBuffer<Double>()

  /// Returns the weights for the output rows or columns in `range`, when `source` of them are resized to `count`; valid
  /// until the next call.
  mutating func filter(
    from source: Int, to count: Int, keeping range: Range<Int>, _ filter: ResamplingFilter, isAntialiased: Bool
  ) -> KernelFilter {
    let scale = Double(source) / Double(count)
    let width = isAntialiased ? max(scale, 1) : 1
    let support = filter.support * width
    let starts = unsafe self.starts.room(for: range.count)
    let counts = unsafe self.counts.room(for: range.count)
    var taps = 1
    for (index, line) in range.enumerated() {
      let center = (Double(line) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), source)
      unsafe starts[index] = Int32(first)
      unsafe counts[index] = Int32(end - first)
      taps = max(taps, end - first)
    }

    let groups = (range.count + 3) / 4
    let weights = unsafe self.weights.room(for: groups * taps * 4)
    unsafe weights.update(repeating: 0, count: groups * taps * 4)
    let exact = unsafe self.exact.room(for: taps)
    for (index, line) in range.enumerated() {
      let center = (Double(line) + 0.5) * scale
      let first = unsafe Int(starts[index])
      let used = unsafe Int(counts[index])
      var sum = 0.0
      for tap in 0..<used {
        let weight = filter.weight(at: (Double(tap + first) - center + 0.5) * (1 / width))
        unsafe exact[tap] = weight
        sum += weight
      }
      // Every line reads the same number of source lines; near the end it begins earlier, with weights of zero.
      let start = min(first, source - taps)
      unsafe starts[index] = Int32(start)
      let target = unsafe weights + (index / 4 * taps + first - start) * 4 + index % 4
      for tap in 0..<used {
        let weight = unsafe (sum != 0 ? exact[tap] / sum : exact[tap]) * 0x1p22
        unsafe target[tap * 4] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
      }
    }
    let begin = unsafe starts[0]
    let end = unsafe starts[range.count - 1] + Int32(taps)
    return unsafe KernelFilter(
      count: Int32(range.count), taps: Int32(taps), begin: begin, end: end, starts: starts, weights: weights)
  }
}
