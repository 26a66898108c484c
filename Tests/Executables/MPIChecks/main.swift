// Checks of the MPI target that need several ranks: `mpirun -np N mpi-checks NAME`, or `mpi-checks fail RANK CODE`.
// `mpirun -np N mpi-checks NAME R` takes each R consecutive ranks for those of a host.
// MPITests runs it and looks at the exit code.

import Glibc
import MPI

let arguments = Array(CommandLine.arguments.dropFirst())

func run(_ world: borrowing Communicator) throws {
  if arguments.count == 3, arguments[0] == "fail" {
    if Int(arguments[1]) == world.rank {
      throw CheckFailure(description: "made to fail")
    }
    try world.barrier()  // where the others would wait for ever
    return
  }
  guard let check = Check.all.first(where: { check in check.name == arguments.first }) else {
    throw CheckFailure(description: "no check is called \(arguments)")
  }
  if arguments.count == 2 {
    try expectEqual(world.ranksPerHost, Int(arguments[1]), "ranks of a host")
  }
  try check.run(world)
  report("\(check.name): passed on \(world.size) ranks", world)
}

func reportFailure(_ error: any Error, _ rank: Int) -> Int32 {
  write(line: "rank \(rank): \(error)", to: STDERR_FILENO)
  return arguments.count == 3 ? Int32(arguments[2]) ?? 1 : 1
}

do {
  let ranksPerHost = arguments.count == 2 ? Int(arguments[1]) : nil
  try withMPI(ranksPerHost: ranksPerHost, run, onFailure: reportFailure)
} catch {
  write(line: "\(error)", to: STDERR_FILENO)
  exit(2)
}
