// The evaluations of `supcon loss` for a list of batches, in one start of all ranks:
//
//     mpirun -np N loss-cases LIST
//
// LIST holds a JSON array of the cases below. Prints the line of --json for each, in order.

import Configuration
import Foundation
import MPI
import Tools

/// One batch with the options of `supcon loss`.
struct LossCase: Decodable {
  let embeddings: String
  let labels: String?
  let views: Int?
  let temperature: Double
  let isNormalizing: Bool
  /// Options of the variant as text, by name.
  let variant: [String: String]
  let gradient: String
  let threads: Int

  func request() throws -> LossEvaluation.Request {
    var overrides = ConfigurationOverrides()
    for (name, value) in variant {
      overrides.give(value, for: name)
    }
    var request = LossEvaluation.Request(embeddings: embeddings)
    request.labels = labels
    request.views = views
    request.isNormalizing = isNormalizing
    request.loss = overrides.applied(to: Configuration()).loss
    request.loss.temperature = temperature
    request.gradient = gradient
    request.threads = threads
    if let problem = overrides.problem?.description ?? request.problem {
      throw RunError(.usage, problem)
    }
    return request
  }
}

func run(_ world: borrowing Communicator) throws {
  let list = try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
  for lossCase in try JSONDecoder().decode([LossCase].self, from: list) {
    let result = try LossEvaluation.run(lossCase.request(), over: world)
    if world.isRoot {
      print(result.json)
    }
  }
}

do {
  try withMPI(run) { error, rank in
    print("rank \(rank): \(error)")
    return 1
  }
} catch {
  print("\(error)")
  exit(2)
}
