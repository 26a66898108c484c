import Configuration
import Formats
import Job
import Losses
import MPI
import Runs

/// The contrastive loss of embeddings in files, with its lower bound and gradient, for validating other
/// implementations.
package enum LossEvaluation {
  /// The options of `supcon loss`.
  package struct Request: Sendable {
    /// The path of a `.npy` file of float32 or float64, `[N, D]` or `[samples, views, D]`; the loss is computed in its
    /// type.
    package var embeddings: String
    /// The path of a `.npy` file of integers, `[N]`, or `[samples]` for embeddings with a dimension of views; `nil` for
    /// SimCLR.
    package var labels: String?
    /// The labels of rows without a class, which are neither anchors nor positives, but negatives of all other rows;
    /// empty if all labels are classes.
    package var ignoredLabels: [Int64] = []
    /// The number of views per sample; the rows are view 0 of all samples, then view 1, and so on.
    ///
    /// Needed for SimCLR and, with labels, for variants of the loss that distinguish the views of a sample; else `nil`.
    package var views: Int?
    /// The variant, scale and temperature of the loss; ``labels`` determine whether it is SupCon or SimCLR.
    package var loss = LossOptions()
    /// True to scale rows to unit length first; otherwise they must already have unit length.
    package var isNormalizing = false
    /// The output file of the gradient with respect to the input rows; `nil` for none.
    package var gradient: String?
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a file of embeddings.
    package init(embeddings: String) {
      self.embeddings = embeddings
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      if labels == nil, views == nil {
        return "supcon loss: expected --labels FILE, or --views V for SimCLR"
      }
      if labels != nil, views != nil, loss.variant.anchors == .all, loss.variant.positivesCap == nil {
        return
          "--views: --labels already says which rows are positives; give one of the two, or --contrast-mode one or --positives-cap"
      }
      if let ignored = ignoredLabels.first, labels == nil {
        return "--ignore-label \(ignored): goes with --labels"
      }
      if let views, views < 1 {
        return "--views \(views): expected at least 1"
      }
      if labels != nil, loss.kind == .simclr {
        return "--loss simclr: positives are views of one sample, not rows of equal labels; leave it or --labels out"
      }
      if labels == nil, loss.kind.usesLabels, loss.kind != .supcon {
        return "--loss \(loss.kind.rawValue): needs --labels, which say the positives"
      }
      if let problem = loss.namedLossProblem ?? views.flatMap({ views in choice.variantProblem(views: views) }) {
        return problem.description
      }
      // 1/τ multiplies every similarity and must also be finite in float32.
      if !(loss.temperature > 0 && loss.temperature.isFinite && Float(1 / loss.temperature).isFinite) {
        return "--temperature \(plain(loss.temperature)): expected a number above 0, and above 1e-38"
      }
      return Configuration.problem(ofThreads: threads)
    }

    /// The options of the loss, with the kind of positives that ``labels`` imply.
    var choice: LossOptions {
      var choice = loss
      choice.kind = labels == nil ? .simclr : loss.kind
      return choice
    }
  }

  /// The values that `supcon loss` prints.
  package struct Result: Sendable {
    /// The mean of L_i over the anchors; 0 if there are none.
    package let loss: Double
    /// The number of anchors, which are rows with a positive.
    package let anchors: Int
    /// The loss if all embeddings are equal; ln(N − 1) for the standard loss.
    package let collapseValue: Double
    /// The lower bound of the loss for these labels.
    package let lowerBound: Double

    /// The values as JSON text, one object.
    package var json: String {
      JSONValue.object([
        "loss": .number(loss), "anchors": .integer(anchors), "collapse_value": .number(collapseValue),
        "lower_bound": .number(lowerBound),
      ]).encoded()
    }
  }

  /// Computes the loss; the ranks divide the rows.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter = .silent
  ) throws -> Result {
    let embeddings = try world.throwingTogether { try openEmbeddings(request) }
    let file = embeddings.file
    var request = request
    // A sample has as many views as the file says; the standard loss of labels does not tell them apart.
    if request.labels == nil || request.choice.variant.anchors == .one || request.choice.variant.positivesCap != nil {
      request.views = request.views ?? embeddings.views
    }
    // Known only now: the file may have the number of views.
    if let problem = request.choice.variantProblem(views: request.views ?? 1) {
      throw CollectiveError(error: problem)
    }
    // The tolerance of a row's unit length, which allows for the rounding of its elements.
    let unitTolerance = file.type.kind == .bfloat16 ? 1e-2 : file.type.byteCount == 2 ? 1e-3 : 1e-4
    return file.type.fitsFloat
      ? try evaluate(request, embeddings, unitTolerance: unitTolerance, over: world, report: report) {
        elements throws(FileError) -> [Float] in
        try file.floats(elements)
      }
      : try evaluate(request, embeddings, unitTolerance: 1e-6, over: world, report: report) {
        elements throws(FileError) -> [Double] in
        try file.doubles(elements)
      }
  }

  private static func openEmbeddings(_ request: Request) throws(FileError) -> EmbeddingFile {
    let embeddings = try EmbeddingFile(path: request.embeddings)
    let path = request.embeddings
    if let views = request.views, let own = embeddings.views, views != own {
      throw FileError(.content, "\(path): has \(own) views of each sample, --views \(views)")
    }
    if let views = request.views, !embeddings.rowCount.isMultiple(of: views) {
      throw FileError(.content, "\(path): its \(embeddings.rowCount) rows are no multiple of --views \(views)")
    }
    return embeddings
  }

  private static func evaluate<Scalar: LossScalar>(
    _ request: Request, _ embeddings: EmbeddingFile, unitTolerance: Double, over world: borrowing Communicator,
    report: Reporter, read: (Range<Int>) throws(FileError) -> [Scalar]
  ) throws -> Result {
    let (rowCount, width) = (embeddings.rowCount, embeddings.width)
    // A function of N only, so that the result has the same bits on any number of ranks: 64 shards, until these are
    // full blocks.
    let blocks = RowBlocks(
      rowCount: rowCount, rowsPerShard: min(max((rowCount + 63) / 64, 1), 128), ranks: world.size)
    let own = blocks.rows(ofRank: world.rank)
    let rows = try world.throwingTogether {
      var rows = InputEmbeddings(elements: try embeddings.elements(ofRows: own, read), width: width)
      try rows.prepare(
        path: request.embeddings, isNormalizing: request.isNormalizing, tolerance: unitTolerance
      ) { row in embeddings.name(ofRow: own.lowerBound + row) }
      return rows
    }
    let classes = try classes(request, embeddings, own: own, blocks, over: world, report: report)

    let (variant, temperature) = (request.loss.resolvedVariant, request.loss.temperature)
    world.activity.begin("loss")
    let loss = ContrastiveLoss<Scalar>(
      blocks: blocks, width: width, temperature: temperature,
      scale: request.loss.scale.factor(temperature: temperature), variant: variant,
      rowOrder: RowOrder(samplesPerGroup: rowCount / (request.views ?? 1), views: request.views ?? 1),
      threads: request.threads)
    try loss.gather(rows.unitRows.span, over: world)
    let reduction = TreeReduction<Double>(length: 1, shards: blocks.shards, rank: world.rank)
    for (shard, value) in zip(blocks.shards[world.rank], try loss.losses(of: classes, over: world)) {
      let summand = [value]
      reduction.add(summand.span, shard: shard)
    }
    var total = [0.0]
    try reduction.finish(over: world, into: &total)

    if let path = request.gradient {
      world.activity.begin("writing the gradient", allowsSilence: true)
      var gradient = [Scalar](repeating: 0, count: own.count * width)
      var elements = gradient.mutableSpan
      loss.gradients(ofRank: world.rank, into: &elements)
      rows.chainThroughNormalization(&gradient)
      try write(gradient, to: path, embeddings, blocks, over: world)
    }
    let (sizes, views) = (classes.counts, loss.rowOrder.views)
    let anchors = variant.anchorCount(classSizes: sizes, views: views)
    if anchors == 0 { report.warn(withoutAnchors(request, isOneClass: sizes.count == 1)) }
    return Result(
      loss: total[0], anchors: anchors,
      collapseValue: loss.scale * variant.collapseValue(classSizes: sizes, views: views),
      lowerBound: loss.scale * variant.lowerBound(classSizes: sizes, views: views, temperature: temperature))
  }

  /// Reads the labels, and returns the classes that determine the positives of each row.
  ///
  /// Collective if labels are given.
  private static func classes(
    _ request: Request, _ embeddings: EmbeddingFile, own: Range<Int>, _ blocks: RowBlocks,
    over world: borrowing Communicator, report: Reporter
  ) throws -> RowClasses {
    let rowCount = embeddings.rowCount
    guard let path = request.labels else {
      return RowClasses(rowCount: rowCount, views: request.views ?? 1)
    }
    let (local, largest) = try world.throwingTogether { () throws -> ([Int64], Int64?) in
      let file = try NumPyFile(path: path)
      // With a dimension of views there is one label for each sample.
      let count = rowCount / (embeddings.views ?? 1)
      guard file.shape == [count] else { throw wrongShape(of: file, rowCount: count) }
      guard embeddings.views != nil else { return (try file.integers(own), file.type.largestInteger) }
      let labels = try file.integers(0..<count)
      return (own.map { row in labels[row % count] }, file.type.largestInteger)
    }
    var labels = [Int64](repeating: 0, count: rowCount)
    try world.allGather(
      local.span, counts: (0..<world.size).map { rank in blocks.rows(ofRank: rank).count }, into: &labels)
    let samples = rowCount / (request.views ?? 1)
    if let row = labels.indices.first(where: { row in labels[row] != labels[row % samples] }) {
      throw CollectiveError(
        error: RunError(
          .data,
          "\(path): row \(row) has label \(labels[row]), but the same sample's view 0, row \(row % samples), has \(labels[row % samples]); --views \(request.views ?? 1) takes rows kN/V to (k+1)N/V − 1 as view k"
        ))
    }
    // Where unsigned numbers of 64 bits are labels, the largest ones are negative here.
    let sentinel = labels.min().flatMap { least in
      least < 0 ? least : largest.flatMap { largest in labels.contains(largest) ? largest : nil }
    }
    if request.ignoredLabels.isEmpty, let sentinel {
      let count = labels.count { label in label == sentinel }
      report.note(
        "\(path): \(counted(count, "row")) \(count == 1 ? "has" : "have") the label \(sentinel), which is taken for a class; if it means that there is none, give --ignore-label \(sentinel)"
      )
    }
    let ignored = Set(request.ignoredLabels)
    // One of them stands for all.
    let first = request.ignoredLabels.first
    return RowClasses(labels: labels.map { label in ignored.contains(label) ? first ?? label : label }, ignoring: first)
  }

  /// Returns the warning about a batch without anchors, with the reason.
  private static func withoutAnchors(_ request: Request, isOneClass: Bool) -> String {
    let path = request.labels ?? request.embeddings
    let reason =
      if isOneClass, request.loss.resolvedVariant.denominator == .onlyNegatives {
        "no row has a negative, and only negatives stand in the denominators: give rows of a second label"
      } else if request.labels == nil {
        "no row has a positive: give at least --views 2, as the views of one sample are positives of each other"
      } else if request.ignoredLabels.isEmpty {
        "no row has a positive: each label stands at one row only"
      } else {
        "no row has a positive: each label stands at one row only, or is one of --ignore-label"
      }
    return "\(path): loss and gradient are 0 without a meaning, as \(reason)"
  }

  /// Returns the error for labels whose shape is not `[rows]`, with the command that converts them.
  private static func wrongShape(of file: NumPyFile, rowCount: Int) -> FileError {
    let problem = "\(file.path): expected the shape [\(rowCount)], found \(file.shape)"
    guard file.shape.count == 2, file.shape[0] == rowCount else { return FileError(.content, problem) }
    return FileError(
      .content,
      problem
        + (file.shape[1] == 1
          ? "; convert it: " + NumPyFile.conversion(file.path, ".ravel()")
          : "; if its rows are one-hot, convert it: " + NumPyFile.conversion(file.path, ".argmax(1)")))
  }

  /// Writes the rows of all ranks on rank 0, which gathers them in memory.
  ///
  /// Collective.
  private static func write<Scalar: LossScalar>(
    _ gradient: [Scalar], to path: String, _ embeddings: EmbeddingFile, _ blocks: RowBlocks,
    over world: borrowing Communicator
  ) throws {
    var all: [Scalar] = []
    for rank in 0..<world.size {
      var piece = rank == world.rank ? gradient : []
      if rank != 0 {
        piece =
          rank == world.rank ? piece : Array(repeating: 0, count: blocks.rows(ofRank: rank).count * embeddings.width)
        try world.broadcast(&piece, from: rank)
      }
      if world.isRoot {
        all += piece
      }
    }
    try world.onRoot {
      let gradient = embeddings.inFileOrder(all)
      let type = Scalar.self == Double.self ? "<f8" : "<f4"
      try NumPyWriter.write(to: path, elementType: type, shape: embeddings.file.shape) { (append) throws(FileError) in
        unsafe try append(gradient.span.bytes)
      }
    }
  }
}
