/// The outlines of the ten classes of the built-in dataset of shapes: closed polygons within the unit circle, y
/// pointing down.
package enum ShapeOutline: Int, CaseIterable {
  case disc
  case ring
  case triangle
  case square
  case star
  case cross
  case crescent
  case arrow
  case heart
  case hourglass

  /// The polygons of every shape, indexed by raw value.
  ///
  /// The vertices of a hole run in the opposite direction of those of the polygon around it.
  static let contours: [[[SIMD2<Float>]]] = allCases.map { shape in shape.makeContours() }

  private func makeContours() -> [[SIMD2<Float>]] {
    switch self {
    case .disc: [Self.circle(radius: 0.9)]
    case .ring: [Self.circle(radius: 1), Self.circle(radius: 0.55).reversed()]
    case .triangle: [[0, 20, 40].map(Self.clock)]
    case .square: [[0, 15, 30, 45].map(Self.clock)]
    case .star: [stride(from: 0, to: 60, by: 6).map { minute in Self.clock(minute) * (minute % 12 == 0 ? 1 : 0.42) }]
    case .cross: [Self.cross(halfWidth: 0.27)]
    case .crescent: [Self.crescent()]
    case .arrow: [Self.mirrored([SIMD2(0, -1), SIMD2(0.8, -0.1), SIMD2(0.22, -0.1), SIMD2(0.22, 1)])]
    case .heart:
      [Self.mirrored((-26...7).map { minute in Self.clock(minute) * 0.5 + SIMD2(0.45, -0.3) } + [SIMD2(0, 0.95)])]
    case .hourglass: [Self.mirrored([SIMD2(0.75, -0.85), SIMD2(0.1, 0), SIMD2(0.75, 0.85)])]
    }
  }

  private static func circle(radius: Float) -> [SIMD2<Float>] {
    stride(from: 0, to: 60, by: 2).map { minute in clock(minute) * radius }
  }

  private static func cross(halfWidth: Float) -> [SIMD2<Float>] {
    [0, 15, 30, 45].flatMap { minute in
      // Each arm: its two outer corners, then the inner corner before the next arm.
      let along = clock(minute)
      let across = clock(minute + 15) * halfWidth
      return [along - across, along + across, along * halfWidth + across]
    }
  }

  /// Returns a crescent: an arc of 252 degrees, and back along the same arc squeezed to 45 % of its depth.
  private static func crescent() -> [SIMD2<Float>] {
    let arc = (9...51).map(clock)
    let tip = arc[0].x
    return arc + arc.reversed().map { point in SIMD2(tip + (point.x - tip) * 0.45, point.y) }
  }

  /// Returns a symmetric polygon from its right half.
  private static func mirrored(_ half: [SIMD2<Float>]) -> [SIMD2<Float>] {
    half + half.reversed().map { point in SIMD2(-point.x, point.y) }
  }

  /// Returns the point of the unit circle at an angle of 6° · `minute` from the x axis.
  private static func clock(_ minute: Int) -> SIMD2<Float> {
    minutes[(minute + 60) % 60]
  }

  /// The points of the unit circle at multiples of 6°, computed by repeated rotation in float64: without a library's
  /// sine, the bits are the same everywhere.
  private static let minutes: [SIMD2<Float>] = {
    let turn = SIMD2(0.994_521_895_368_273_3, 0.104_528_463_267_653_47)
    var point = SIMD2(1.0, 0.0)
    return (0..<60).map { _ in
      defer { point = SIMD2(point.x * turn.x - point.y * turn.y, point.x * turn.y + point.y * turn.x) }
      return SIMD2<Float>(point)
    }
  }()
}
