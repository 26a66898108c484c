import Synchronization

/// The operations of this process for which oneDNN uses slow reference code on this CPU.
///
/// Reference code is up to several hundred times slower. Convolutions and poolings are recorded when they are compiled.
public enum ReferencePrimitives {
  private static let operations = Mutex<[String]>([])

  /// The descriptions of the operations, each once, in the order of first compilation, for example
  /// `convolution 256 → 512 channels, 3×3, stride 2, 2×2 → 1×1, float32, gradient of the weights`.
  public static var all: [String] { operations.withLock { operations in operations } }

  /// Records the operation of a primitive descriptor if its implementation is reference code.
  static func note(_ plan: borrowing PrimitivePlan, _ operation: @autoclosure () -> String) {
    guard plan.isReference else { return }
    let operation = operation()
    operations.withLock { operations in
      if !operations.contains(operation) {
        operations.append(operation)
      }
    }
  }
}
