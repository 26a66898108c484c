import Glibc

/// A computation of a layer that is timed separately.
public enum LayerPass: String, CaseIterable, Codable, Sendable {
  /// The forward convolution.
  case forward
  /// The gradient of the convolution's input.
  case inputGradient = "data gradient"
  /// The gradient of the convolution's weights.
  case weightGradient = "weight gradient"
  /// Batch normalization with ReLU and residual addition, forward and backward.
  case normalization
  /// The reordering of weights, the conversion of views, and pooling.
  case copies
}

/// The time that each layer and pass of one thread's network takes.
///
/// Times are CPU time of the thread, so that other processes disturb them little.
public final class LayerProfile {
  /// A layer and one of its passes.
  public struct Key: Hashable, Sendable {
    /// The name of the layer, usually a convolution.
    public let layer: String
    /// The pass of the layer.
    public let pass: LayerPass
  }

  /// The cost of one pass of one layer since ``beginRound()``.
  public struct Cost: Sendable {
    /// The CPU time in seconds.
    public var seconds = 0.0
    /// The number of multiply-adds, counted as for direct convolution.
    public var multiplyAdds = 0
    /// The number of bytes of feature maps and weights that are read or written, each counted once.
    public var byteCount = 0
  }

  /// The cost of each layer and pass since ``beginRound()``.
  public private(set) var costs: [Key: Cost] = [:]
  /// The layers in the order of the network, each with a description of its shapes.
  public internal(set) var layers: [(name: String, shapes: String)] = []

  /// Creates a profile without costs.
  public init() {}

  /// Returns the seconds of CPU time that the calling thread has used.
  public static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// Begins a new round of measurements: discards the costs of the previous one.
  public func beginRound() {
    costs = [:]
  }

  fileprivate func add(_ key: Key, _ cost: Cost) {
    var sum = costs[key] ?? Cost()
    sum.seconds += cost.seconds
    sum.multiplyAdds += cost.multiplyAdds
    sum.byteCount += cost.byteCount
    costs[key] = sum
  }
}

/// The stopwatch of one layer, which does nothing unless the network is profiled.
struct LayerClock {
  private let profile: LayerProfile?
  private let layer: String

  /// Creates the stopwatch of a layer, and adds the layer to the profile's list.
  init(_ context: NetworkContext, _ layer: String, shapes: String) {
    profile = context.profile
    self.layer = layer
    profile?.layers.append((name: layer, shapes: shapes))
  }

  /// Returns the clock's time, to be passed to ``stop(_:_:multiplyAdds:byteCount:)``.
  func start() -> Double {
    profile == nil ? 0 : LayerProfile.now()
  }

  /// Adds the cost of a pass that began at `start` to the profile.
  ///
  /// - Parameters:
  ///   - start: The result of ``start()``.
  ///   - pass: The kind of pass.
  ///   - multiplyAdds: The number of multiply-adds of the pass.
  ///   - byteCount: The number of bytes that the pass reads and writes.
  func stop(_ start: Double, _ pass: LayerPass, multiplyAdds: Int = 0, byteCount: @autoclosure () -> Int) {
    guard let profile else { return }
    let seconds = LayerProfile.now() - start
    profile.add(
      LayerProfile.Key(layer: layer, pass: pass),
      LayerProfile.Cost(seconds: seconds, multiplyAdds: multiplyAdds, byteCount: byteCount()))
  }

}
