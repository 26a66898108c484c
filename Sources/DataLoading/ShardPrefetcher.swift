import Dispatch
import Formats
import Synchronization

/// Makes the views of upcoming shards (fixed parts of a global batch) on loader threads while the main threads compute.
///
/// Shards are announced in the order of use and made in that order, in as many buffers as are free. A shard that no
/// loader thread has begun when it is requested is made by the requesting thread. The result does not depend on the
/// thread.
package final class ShardPrefetcher: Sendable {
  /// The views of one shard in one epoch.
  package struct Request: Sendable, Hashable {
    /// The epoch, which keys the random draws.
    package var epoch: Int
    /// The indices of the samples in the dataset.
    package var samples: [Int32]

    /// Creates a request for the views of one shard.
    package init(epoch: Int, samples: [Int32]) {
      self.epoch = epoch
      self.samples = samples
    }
  }

  /// A buffer for the views of one shard, which a loader thread fills.
  private final class Slot: Sendable {
    let isDone = DispatchSemaphore(value: 0)
    let contents: Mutex<(views: [Float], error: FileError?)>

    init(elements: Int) {
      contents = Mutex(([Float](repeating: 0, count: elements), nil))
    }
  }

  private struct State {
    /// The announced requests that no thread has begun, in order.
    var waiting: [Request] = []
    var begun: [Request: Slot] = [:]
    var spare: [Slot]
    var idleThreads: Int
  }

  private let loader: ShardLoader
  private let queue = DispatchQueue(label: "views", attributes: .concurrent)
  private let state: Mutex<State>

  /// Creates a prefetcher.
  ///
  /// - Parameters:
  ///   - loader: The loader that makes the views.
  ///   - elements: The number of elements of a shard's views.
  ///   - threads: The number of loader threads; with 0, every shard is made by the requesting thread.
  ///   - requests: The largest number of announced shards that are not taken yet: those of a step and of the next.
  package init(_ loader: ShardLoader, elements: Int, threads: Int, requests: Int = .max) {
    self.loader = loader
    // Two buffers per thread, one in the making and one that waits to be taken, as far as shards are announced.
    let spare = (0..<min(2 * threads, requests)).map { _ in Slot(elements: elements) }
    state = Mutex(State(spare: spare, idleThreads: threads))
  }

  /// Announces the next shards, which are made after all shards announced before.
  package func announce(_ requests: [Request]) {
    state.withLock { state in state.waiting += requests }
    beginWaiting()
  }

  /// Writes a shard's views to `views`; waits if a loader thread is making them, and makes the views itself if none is.
  ///
  /// - Parameters:
  ///   - views: Receives the result of ``ShardLoader/fill(_:samples:epoch:)``.
  ///   - request: The shard, whether announced or not.
  /// - Throws: ``FileError`` if an image cannot be read.
  package func fill(_ views: inout MutableSpan<Float>, _ request: Request) throws(FileError) {
    let begun = state.withLock { state -> Slot? in
      state.waiting.removeAll { waiting in waiting == request }
      return state.begun.removeValue(forKey: request)
    }
    guard let begun else {
      return try loader.fill(&views, samples: request.samples.span, epoch: request.epoch)
    }
    begun.isDone.wait()
    defer {
      state.withLock { state in state.spare.append(begun) }
      beginWaiting()
    }
    if let error = begun.contents.withLock({ contents in contents.error }) {
      throw error
    }
    copy(begun.contents.withLock { contents in contents.views }, to: &views)
  }

  private func copy(_ made: [Float], to views: inout MutableSpan<Float>) {
    unsafe made.withUnsafeBufferPointer { made in
      unsafe views.withUnsafeMutableBufferPointer { views in
        _ = unsafe views.update(fromContentsOf: made.prefix(views.count))
      }
    }
  }

  /// Starts announced requests on idle loader threads while buffers are free.
  private func beginWaiting() {
    while true {
      let begun = state.withLock { state -> (Slot, Request)? in
        guard state.idleThreads > 0, !state.waiting.isEmpty, let slot = state.spare.popLast() else { return nil }
        state.idleThreads -= 1
        let request = state.waiting.removeFirst()
        state.begun[request] = slot
        return (slot, request)
      }
      guard let (slot, request) = begun else { return }
      queue.async { [self] in
        make(request, in: slot)
        state.withLock { state in state.idleThreads += 1 }
        beginWaiting()
      }
    }
  }

  private func make(_ request: Request, in slot: Slot) {
    slot.contents.withLock { contents in
      do throws(FileError) {
        var views = contents.views.mutableSpan
        try loader.fill(&views, samples: request.samples.span, epoch: request.epoch)
        contents.error = nil
      } catch {
        contents.error = error
      }
    }
    slot.isDone.signal()
  }
}
