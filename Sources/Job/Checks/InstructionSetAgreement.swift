import Configuration
import MPI
import OneDNN
import Processor
import Synchronization

/// The agreement of all ranks on one instruction set, the lowest that any of them offers, so that they compute the same
/// bits on CPUs of several kinds.
package struct InstructionSetAgreement: Sendable {
  /// The limit that this rank was given; `nil` for `auto`.
  private let limit: InstructionSet?
  /// oneDNN's feature bits of what this rank offers.
  private let features: UInt32
  /// The instruction set that this rank offers.
  private let level: InstructionSet
  /// False if the instruction set of this process is fixed already.
  private let isOpen: Bool

  /// The number of the instruction set that ``agree(over:)`` was called with; -1 before.
  private static let agreedOffer = Atomic(-1)

  /// The instruction set that this rank would use if it were alone.
  static var offered: InstructionSet {
    let number = agreedOffer.load(ordering: .relaxed)
    return number < 0 ? agreed : InstructionSet.allCases[number]
  }

  /// The instruction set with which this process computes: the one on which the ranks agreed, after ``agree(over:)``.
  package static var agreed: InstructionSet { .effective ?? .baseline }

  /// Determines what this rank offers, before MPI is initialized.
  ///
  /// A job of one rank is limited at once.
  ///
  /// - Parameters:
  ///   - limit: The highest instruction set that the user allows; `nil` for that of the CPU.
  ///   - ranks: The number of ranks of the job.
  /// - Throws: ``InstructionSetError`` if the CPU does not offer the limit.
  package init(below limit: InstructionSet?, ranks: Int) throws(InstructionSetError) {
    self.limit = limit
    if ranks > 1, let features = InstructionSet.offeredFeatures(below: limit) {
      (self.features, isOpen) = (features, true)
      guard let level = InstructionSet.fastest(ofFeatures: features, below: limit) else { throw .unsupportedCPU }
      self.level = level
      if let limit, level < limit {
        throw .notOffered(limit, highest: level)
      }
    } else {
      level = try InstructionSet.limit(to: limit)
      (features, isOpen) = (InstructionSet.effectiveFeatures, false)
    }
  }

  /// Limits this rank to the lowest instruction set of all ranks, before any computation.
  ///
  /// Nothing is limited beyond the ranks' own limits if all of them offer the same.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if the ranks differ and some rank can no longer be limited; `MPIError`;
  ///   ``InstructionSetError``.
  package func agree(over world: borrowing Communicator) throws {
    let levels = InstructionSet.allCases
    let number = levels.firstIndex(of: level) ?? 0
    Self.agreedOffer.store(number, ordering: .relaxed)
    let own = [Int32(bitPattern: features), Int32(number), isOpen ? 1 : 0]
    var all = [Int32](repeating: 0, count: own.count * world.size)
    try world.allGather(own.span, into: &all)
    let offers = (0..<world.size).map { rank in all[(own.count * rank)..<(own.count * (rank + 1))] }
    let numbers = offers.map { offer in Int(offer[offer.startIndex + 1]) }
    let lowest = levels[numbers.min() ?? 0]
    let isSame = offers.allSatisfy { offer in offer.prefix(2).elementsEqual(offers[0].prefix(2)) }
    if !isSame, let fixed = offers.firstIndex(where: { offer in offer.last == 0 }) {
      throw CollectiveError(
        error: RunError(
          .configuration,
          "the CPUs of the ranks differ, and rank \(fixed) can no longer take the lowest level of all, \(lowest.name)",
          remedy: "give --isa \(lowest.rawValue)"))
    }
    if isOpen {
      try InstructionSet.limit(to: isSame ? limit : lowest)
    }
  }
}
