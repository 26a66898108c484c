import MPI
import Runs

extension CommunicationVolume {
  /// The calls, received bytes and seconds of each collective that was called, by MPI function name.
  package var records: [String: StepRecord.CollectiveRecord] {
    let used = Collective.allCases.filter { collective in self[collective].calls > 0 }
    return Dictionary(
      uniqueKeysWithValues: used.map { collective in
        let share = self[collective]
        let record = StepRecord.CollectiveRecord(
          calls: share.calls, receivedBytes: share.receivedByteCount, seconds: share.seconds)
        return (collective.function, record)
      })
  }
}
