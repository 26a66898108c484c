import Testing
import Training

struct ThreadAdviceTests {
  @Test(arguments: [
    (1, 16, 8, "computes on 1 of 16 CPUs; --threads 8 is faster, with the same weights"),
    (1, 4, 8, "computes on 1 of 4 CPUs; --threads 4 is faster, with the same weights"),
    (1, 1, 8, nil), (1, 16, 1, nil), (2, 16, 8, nil),
  ])
  func `threads beyond CPUs or shards are not advised`(threads: Int, processors: Int, shards: Int, text: String?) {
    #expect(ThreadAdvice.text(threads: threads, processors: processors, shards: shards) == text)
  }
}
