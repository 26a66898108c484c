import Configuration
import Dispatch
import Job
import MPI
import OneDNN
import Synchronization

/// The peak arithmetic and memory rates of the job's machines with all threads of all ranks active, to which the rates
/// of a step are compared.
struct MachinePeaks {
  /// The rate of float32 matrix products (`dnnl_sgemm`), in 10⁹ operations per second.
  let matrixProductGigaflops: Double
  /// The memory bandwidth of copies between arrays larger than the caches, in 10⁹ bytes read and written per second.
  let memoryGigabytesPerSecond: Double

  /// The largest number of measurement windows; the best one counts, because other processes can only slow one down.
  private static let windowCount = 4
  /// The relative difference between the two best windows below which no further window is measured.
  private static let agreement = 0.02

  /// Measures the peak rates of matrix products and of memory copies, in 0.6 s (quiet machine) to 1.5 s.
  ///
  /// Collective. Allocates up to 256 MiB per thread, which raises the process's peak memory: read that figure before
  /// this call.
  static func measure(threads: Int, over world: borrowing Communicator) throws -> MachinePeaks {
    let byteCount = copiedByteCount(
      threads: threads * world.hostSize, available: ProcessMeasurements.availableByteCount())
    // All ranks of a host have read what is free before any of them takes it.
    try world.barrier()
    return MachinePeaks(
      matrixProductGigaflops: 1e-9 * (try bestRate((0..<threads).map { _ in MatrixProductLoad() }, over: world)),
      memoryGigabytesPerSecond: 1e-9 * (try bestRate((0..<threads).map { _ in CopyLoad(byteCount) }, over: world)))
  }

  /// Returns the bytes of each of the two arrays of a thread: 128 MiB, or less where those of all `threads` of a host
  /// would take more than half of its available memory.
  private static func copiedByteCount(threads: Int, available: Int?) -> Int {
    min(128 << 20, max((available ?? .max) / 4 / max(threads, 1), 1 << 20))
  }

  /// Returns the highest rate of all ranks together in any window, in operations or bytes per second.
  private static func bestRate(_ loads: [any PeakLoad], over world: borrowing Communicator) throws -> Double {
    // The first call only touches memory and compiles kernels.
    _ = try rate(of: loads, windowSeconds: 0)
    var rates: [Double] = []
    for _ in 0..<windowCount {
      try world.barrier()
      var total = [try rate(of: loads, windowSeconds: 0.15)]
      try world.allReduceSum(&total)
      rates = (rates + total).sorted(by: >)
      // The sums are the same on all ranks, so all ranks decide alike.
      if rates.count > 1, rates[0] - rates[1] < agreement * rates[0] { break }
    }
    return rates.max() ?? 0
  }

  /// Returns the rate of this rank's threads in one window; each thread runs at least one unit of work.
  private static func rate(of loads: [any PeakLoad], windowSeconds: Double) throws -> Double {
    let done = Mutex<(work: Double, error: (any Error)?)>((0, nil))
    // Safe: each load is used by one thread only.
    nonisolated(unsafe) let loads = loads
    let start = ProcessMeasurements.now()
    unsafe DispatchQueue.concurrentPerform(iterations: loads.count) { thread in
      useOneThreadPerPrimitive()
      var work = 0.0
      do {
        repeat {
          work += unsafe try loads[thread].run()
        } while ProcessMeasurements.now() - start < windowSeconds
      } catch {
        done.withLock { done in done.error = error }
      }
      done.withLock { [work] done in done.work += work }
    }
    let seconds = ProcessMeasurements.now() - start
    let (work, error) = done.withLock { done in done }
    if let error {
      throw error
    }
    return work / seconds
  }
}

/// A unit of work that one thread repeats during the measurement.
private protocol PeakLoad: AnyObject {
  /// Does the work once, and returns its amount in operations or bytes.
  func run() throws -> Double
}

/// Products of square matrices, large enough for the best rate and small enough for the caches.
private final class MatrixProductLoad: PeakLoad {
  private static let side = 768
  private let factor = [Float](repeating: 1, count: side * side)
  private var product = [Float](repeating: 0, count: side * side)

  func run() throws -> Double {
    let side = Self.side
    let factor = factor
    var product: [Float] = []
    swap(&product, &self.product)
    defer { swap(&product, &self.product) }
    var elements = product.mutableSpan
    try elements.product(rows: side, columns: side, depth: side, factor.span, .none, factor.span, .none)
    return 2 * Double(side) * Double(side) * Double(side)
  }
}

/// Copies between two arrays of equal size.
@safe
private final class CopyLoad: PeakLoad {
  private let byteCount: Int
  private let source: UnsafeMutableRawPointer
  private let target: UnsafeMutableRawPointer
  private var isTouched = false

  init(_ byteCount: Int) {
    self.byteCount = byteCount
    unsafe source = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    unsafe target = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
  }

  deinit {
    unsafe source.deallocate()
    unsafe target.deallocate()
  }

  func run() -> Double {
    if !isTouched {
      // Written by the thread that will read it (first touch on NUMA systems); unwritten pages would all map to one
      // page of zeros.
      unsafe source.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
      isTouched = true
    }
    unsafe target.copyMemory(from: source, byteCount: byteCount)
    return 2 * Double(byteCount)
  }
}
