import ArgumentParser

/// The options that assign folders of a dataset to splits.
struct SplitOptions: OptionArguments {
  @Option("train-folder") var trainFolder: String?
  @Option("validation-folder") var validationFolder: String?
  @Option("test-folder") var testFolder: String?
  @Option("validation-fraction") var validationFraction: String?
}
