import Kernels
import TestSupport
import Testing

/// Resizing and blurring against plain loops, to the last bit, on every instruction set of this machine.
struct ImageFilterTests {
  private struct Filter {
    let starts: [Int32]
    let weights: [[Int32]]
    let end: Int

    /// Weights without a pattern that sum to about 1.
    init(_ count: Int, taps: Int, of end: Int, seed: UInt64) {
      var numbers = TestNumbers(seed: seed)
      self.end = end
      starts = (0..<count).map { index in Int32((end - taps) * index / max(count - 1, 1)) }
      weights = (0..<count).map { _ in
        (0..<taps).map { _ in Int32((numbers.uniform() - 0.2) * 0x1p22 * 2 / Double(taps)) }
      }
    }

    var packed: [Int32] {
      let taps = weights[0].count
      return (0..<(weights.count + 3) / 4 * 4 * taps).map { index in
        let (line, tap) = (index / taps / 4 * 4 + index % 4, index / 4 % taps)
        return line < weights.count ? weights[line][tap] : 0
      }
    }

    /// A line of the result from all lines of the source.
    func value(_ line: Int, _ source: (Int) -> UInt8) -> UInt8 {
      let sum = weights[line].indices.reduce(1 << 21) { sum, tap in
        sum + Int(weights[line][tap]) * Int(source(Int(starts[line]) + tap))
      }
      return UInt8(min(max(sum >> 22, 0), 255))
    }
  }

  @Test(arguments: TestedPath.all) func `resized images are the weighted sums of a plain loop`(_ tested: TestedPath) {
    for (width, height, columns, rows, taps) in [
      (1, 1, 1, 1, 1), (2, 3, 9, 7, 2), (20, 11, 16, 5, 3), (33, 47, 32, 32, 4), (61, 20, 17, 40, 7), (40, 9, 50, 3, 9),
    ] {
      var numbers = TestNumbers(seed: UInt64(width))
      // One row more in memory than is used, as in a crop; rows longer than what is used of them.
      let stride = 3 * (width + 2)
      let pixels = (0..<stride * height - 6).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let across = Filter(columns, taps: min(taps, width), of: width, seed: 1)
      let down = Filter(rows, taps: min(taps, height), of: height, seed: 2)
      var found = [UInt8](repeating: 0xAA, count: 3 * columns * rows + 1)
      let (acrossWeights, downWeights) = (across.packed, down.packed)
      unsafe across.starts.withUnsafeBufferPointer { acrossStarts in
        unsafe down.starts.withUnsafeBufferPointer { downStarts in
          unsafe acrossWeights.withUnsafeBufferPointer { acrossWeights in
            unsafe downWeights.withUnsafeBufferPointer { downWeights in
              guard let a = acrossStarts.baseAddress, let b = acrossWeights.baseAddress,
                let c = downStarts.baseAddress, let d = downWeights.baseAddress
              else { return }
              let columnFilter = unsafe KernelFilter(
                count: Int32(columns), taps: Int32(across.weights[0].count), begin: 0, end: Int32(width), starts: a,
                weights: b)
              let rowFilter = unsafe KernelFilter(
                count: Int32(rows), taps: Int32(down.weights[0].count), begin: 0, end: Int32(height), starts: c,
                weights: d)
              var scratch = unsafe [UInt8](
                repeating: 0, count: tested.kernels.image_resample_scratch_count(columnFilter, rowFilter))
              unsafe tested.kernels.image_resample(pixels, stride, columnFilter, rowFilter, &scratch, &found)
            }
          }
        }
      }
      #expect(found.removeLast() == 0xAA)
      let between = (0..<height).map { row in
        (0..<columns).map { column in
          (0..<3).map { channel in across.value(column) { place in pixels[row * stride + 3 * place + channel] } }
        }
      }
      let expected = found.indices.map { index in
        let (channel, row, column) = (index / columns / rows, index / columns % rows, index % columns)
        return down.value(row) { place in between[place][column][channel] }
      }
      #expect(found == expected, "\(width)×\(height) → \(columns)×\(rows)")
    }
  }

  @Test(arguments: TestedPath.all, [-1, 127.5] as [Float]) func `blurred images are those of a plain loop`(
    _ tested: TestedPath, outside: Float
  ) {
    for (width, height, taps) in [(1, 1, 3), (2, 5, 5), (9, 7, 3), (33, 20, 7), (16, 16, 1), (40, 3, 9)] {
      var numbers = TestNumbers(seed: UInt64(width))
      let planes = (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let weights = (0..<taps).map { _ in Float(numbers.uniform()) * 2 / Float(taps) }
      var found = [UInt8](repeating: 0xAA, count: planes.count + 1)
      var scratch = [Float](
        repeating: .nan, count: tested.kernels.image_blur_scratch_count(Int32(width), Int32(height), Int32(taps)))
      unsafe planes.withUnsafeBufferPointer { planes in
        guard let address = planes.baseAddress else { return }
        let image = unsafe KernelImage(planes: address, width: Int32(width), height: Int32(height))
        unsafe tested.kernels.image_blur(image, weights, Int32(taps), outside, &scratch, &found)
      }
      #expect(found.removeLast() == 0xAA)

      /// The mirrored position of one beyond the edges; `nil` in the frame.
      func inside(_ place: Int, _ count: Int) -> Int? {
        var place = place
        while !(0..<count).contains(place) {
          guard outside < 0 else { return nil }
          guard count > 1 else { return 0 }
          place = place < 0 ? -place : 2 * (count - 1) - place
        }
        return place
      }
      func sum(_ value: (Int) -> Float) -> Float {
        weights.indices.dropFirst().reduce(weights[0] * value(0)) { sum, tap in sum + weights[tap] * value(tap) }
      }
      let across = planes.indices.map { index in
        sum { tap in
          inside(index % width + tap - taps / 2, width).map { column in
            Float(planes[index / width * width + column])
          } ?? outside
        }
      }
      let expected = planes.indices.map { index -> UInt8 in
        let (plane, row, column) = (index / width / height, index / width % height, index % width)
        let value = sum { tap in
          inside(row + tap - taps / 2, height).map { row in across[(plane * height + row) * width + column] } ?? outside
        }
        return UInt8(min(max(value + 0.5, 0), 255))
      }
      #expect(found == expected, "\(width)×\(height), \(taps) weights")
    }
  }
}
