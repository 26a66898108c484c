import Glibc

/// A pass of a layer that is timed on its own.
public enum LayerPass: String, CaseIterable, Codable, Sendable {
  /// The convolution.
  case forward
  /// The gradient of the convolution's input.
  case inputGradient = "data gradient"
  /// The gradient of its weights.
  case weightGradient = "weight gradient"
  /// Batch normalization with ReLU and residual sum, both ways.
  case normalization
  /// Packing of weights, conversion of views, pooling.
  case copies
}

/// The time that each layer and pass of one thread's network takes.
///
/// Times are CPU time of the thread, so that other processes disturb them little.
public final class LayerProfile {
  /// A layer's pass.
  public struct Key: Hashable, Sendable {
    /// The name of the convolution, or of what is not one.
    public let layer: String
    /// The pass.
    public let pass: LayerPass
  }

  /// The cost of a pass in one round.
  public struct Cost: Sendable {
    /// Seconds of CPU time.
    public var seconds = 0.0
    /// Multiply-adds, counted as direct convolution.
    public var multiplyAdds = 0
    /// The bytes of feature maps and weights that are read or written, each once.
    public var byteCount = 0
  }

  /// The costs since ``beginRound()``.
  public private(set) var costs: [Key: Cost] = [:]
  /// The layers in the order of the network, each with its shapes.
  public internal(set) var layers: [(name: String, shapes: String)] = []

  /// No costs yet.
  public init() {}

  /// The seconds of CPU time that the calling thread has used.
  public static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// Forgets all costs.
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

/// The clock of one layer; it does nothing unless the network is profiled.
struct LayerClock {
  private let profile: LayerProfile?
  private let layer: String

  /// The clock of a layer, which is listed with its shapes.
  init(_ context: NetworkContext, _ layer: String, shapes: String) {
    profile = context.profile
    self.layer = layer
    profile?.layers.append((name: layer, shapes: shapes))
  }

  /// The beginning of a pass.
  func start() -> Double {
    profile == nil ? 0 : LayerProfile.now()
  }

  /// Adds a pass that began at `start`.
  ///
  /// - Parameters:
  ///   - start: The result of ``start()``.
  ///   - pass: The pass.
  ///   - multiplyAdds: Its multiply-adds.
  ///   - byteCount: The bytes that it reads and writes.
  func stop(_ start: Double, _ pass: LayerPass, multiplyAdds: Int = 0, byteCount: @autoclosure () -> Int) {
    guard let profile else { return }
    let seconds = LayerProfile.now() - start
    profile.add(
      LayerProfile.Key(layer: layer, pass: pass),
      LayerProfile.Cost(seconds: seconds, multiplyAdds: multiplyAdds, byteCount: byteCount()))
  }

}
