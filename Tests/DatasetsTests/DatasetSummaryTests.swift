import Datasets
import Formats
import ImageCodecs
import Imaging
import Testing

/// Comparisons of splits before the first step.
struct DatasetSummaryTests {
  @Test func `a split without images has no list of classes`() {
    let part = DatasetSummary.Part(.validation, classNames: ["circle", "square"], counts: [0, 0], survey: nil)
    #expect(part.classText == "validation: no images")
  }

  private func part(_ split: Split, _ counts: [(String, Int)], _ survey: ImageSurvey? = nil) -> DatasetSummary.Part {
    DatasetSummary.Part(split, classNames: counts.map(\.0), counts: counts.map(\.1), survey: survey)
  }

  private func uniform(_ level: UInt8) -> RGBImage {
    RGBImage(width: 4, height: 4, samples: Array(repeating: level, count: 48))
  }

  @Test func `classes are compared by name in both directions`() {
    let summary = DatasetSummary([
      part(.train, [("a", 3), ("b", 2), ("c", 1)]), part(.validation, [("a", 1), ("d", 1), ("e", 0)]),
      part(.test, [("a", 1), ("b", 1), ("c", 1)]),
    ])
    #expect(summary.classesNotTrained(.validation) == ["d"])
    #expect(summary.classesWithoutImages(in: .validation) == ["b", "c"])
    #expect(summary.classesNotTrained(.test).isEmpty && summary.classesWithoutImages(in: .test).isEmpty)
    #expect(summary.warnings.count == 2)
    #expect(
      summary.warnings[0].contains("without a training image: d") && summary.warnings[1].contains("no image of b, c"))
  }

  @Test func `images without contrast are counted by kind`() {
    var survey = ImageSurvey()
    for image in [uniform(255), uniform(250), uniform(0), uniform(128), FolderTrees.image(1)] {
      survey.add(image)
    }
    var bright = [UInt8](repeating: 255, count: 48)
    bright[5] = 3
    survey.add(RGBImage(width: 4, height: 4, samples: bright))
    let contrast = survey.contrast
    #expect(contrast.images == 6 && contrast.white == 2 && contrast.black == 1 && contrast.uniform == 1)
    #expect(contrast.clipped == 1 && contrast.withoutContrast == 4)
    #expect(contrast.samplesAtMaximum >= 95 && contrast.samplesAtMinimum >= 48)
    let warnings = DatasetSummary([part(.train, [("a", 6)], survey)]).warnings
    #expect(warnings.count == 1)
    for text in ["2 white", "1 black", "1 of one color", "33.3 %"] {
      #expect(warnings[0].contains(text), "\(warnings)")
    }
    var sum = ImageSurvey()
    sum.add(survey)
    sum.add(survey)
    #expect(sum.contrast.white == 4 && sum.contrast.images == 12)
  }

  @Test func `pure colors and dark images with content have contrast`() {
    var counts = ContrastCounts()
    var red = uniform(0)
    red = RGBImage(width: 4, height: 4, samples: (0..<48).map { $0 % 3 == 0 ? UInt8($0 * 5) : 0 })
    counts.add(red)
    var digit = [UInt8](repeating: 0, count: 48)
    digit[20] = 200
    counts.add(RGBImage(width: 4, height: 4, samples: digit))
    #expect(counts.withoutContrast == 0 && counts.warning() == nil)
    // One flat red is no content, whatever the channels are.
    counts.add(RGBImage(width: 4, height: 4, samples: (0..<48).map { $0 % 3 == 0 ? 255 : 0 }))
    #expect(counts.uniform == 1)
    counts.add(uniform(255))
    #expect(counts.warning()?.hasSuffix(": try --sixteen-bit scale, and train with it") == true)
    let advice = counts.warning(advising: ContrastCounts.adviceForTrained)
    #expect(advice?.hasSuffix(": begin a run with --sixteen-bit scale") == true)
  }

  @Test func `bad files are counted by split`() {
    var survey = ImageSurvey()
    survey.add(bad: BadFile(path: "a/1.png", reason: "x/a/1.png: is empty", kind: .content), at: 4)
    survey.add(bad: BadFile(path: "a/0.png", reason: "x/a/0.png: is cut off", kind: .content), at: 2)
    let warnings = DatasetSummary([part(.train, [("a", 6)]), part(.test, [("a", 6)], survey)]).warnings
    #expect(warnings == ["test: 2 files cannot be used, the first: x/a/0.png: is cut off"])
  }
}
