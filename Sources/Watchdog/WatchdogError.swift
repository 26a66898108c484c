/// A failure to connect the watchdogs of different ranks.
public struct WatchdogError: Error, CustomStringConvertible, Equatable {
  /// The error message for the user.
  public let description: String
}
