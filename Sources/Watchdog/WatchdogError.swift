/// A failure to connect watchdogs.
public struct WatchdogError: Error, CustomStringConvertible, Equatable {
  /// The text for the user.
  public let description: String
}
