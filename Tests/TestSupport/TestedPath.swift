import Kernels
import Testing

/// One of the instruction sets that this machine runs.
public struct TestedPath: Sendable, CustomTestStringConvertible {
  /// The path.
  public let path: KernelPath

  /// From the baseline to the best.
  public static let all = (0...kernels_best_path().rawValue).map { number in
    TestedPath(path: KernelPath(rawValue: number))
  }

  /// Its functions.
  public var kernels: KernelTable { unsafe kernels_of(path).pointee }

  /// Its name in test reports.
  public var testDescription: String { unsafe String(cString: kernels_name(path)) }
}
