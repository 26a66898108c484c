import Imaging

extension Augmentation {
  /// What is wrong with the value of --augmentation, or `nil`.
  package static func problem(_ text: String) -> String? {
    do {
      _ = try Augmentation(text)
      return nil
    } catch {
      return "--augmentation \(text): \(error); --augmentation help lists all"
    }
  }

  /// The augmentation of an option that ``problem(_:)`` finds nothing wrong with.
  package init(validated text: String) {
    do {
      try self.init(text)
    } catch {
      preconditionFailure("the options were not validated: --augmentation \(text): \(error)")
    }
  }
}
