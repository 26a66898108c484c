import Inference
import Testing

/// The comparison of a classifier's classes with those of a dataset.
struct RunClassifierTests {
  @Test func `classes are compared by name, or by number where no names are known`() {
    let own = ["blue", "grün", "red box"]
    func difference(_ names: [String], _ count: Int, _ others: [String]) -> String? {
      RunClassifier.difference(ofNames: names, count: count, from: others, of: "the dataset")
    }
    #expect(difference(own, 3, own) == nil)
    #expect(difference(own, 3, ["cat", "dog", "zebra"]) == "its class 0 is blue, that of the dataset is cat")
    #expect(difference(own, 3, ["blue", "grün", "zebra"]) == "its class 2 is red box, that of the dataset is zebra")
    #expect(difference(own, 3, ["blue", "grün"]) == "it knows 3 classes, the dataset has 2")
    #expect(difference([], 3, ["cat", "dog", "zebra"]) == nil)
    #expect(difference([], 1, ["cat", "dog"]) == "it knows 1 class, the dataset has 2")
    // The names of a run that had more classes than the classifier are not those of the classifier.
    #expect(difference(own + ["white"], 3, ["cat", "dog", "zebra"]) == nil)
  }
}
