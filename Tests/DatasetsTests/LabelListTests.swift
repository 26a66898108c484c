import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// Labels from a list of paths.
struct LabelListTests {
  private func entries(_ text: String) throws -> [[String]] {
    try LabelList(text, path: "lists/l.csv").entries.map { entry in [entry.path, entry.label, entry.split.rawValue] }
  }

  @Test(arguments: [
    "a.png,cat\nb.png,dog\n", "path,label\na.png,cat\nb.png,dog", "\u{FEFF}Image,Class\r\na.png,cat\r\nb.png,dog\r\n",
    "a.png;cat\nb.png;dog", "a.png\tcat\n\nb.png\tdog\n", "label,file\ncat,a.png\n\"dog\", b.png",
    "\"a.png\",\"cat\"\nb.png,dog",
    // Without a header, the label first, and other separators.
    "cat,a.png\ndog,b.png", "\u{FEFF}cat;a.png\r\ndog;b.png\r\n", "\"cat\"\t\"a.png\"\r\ndog\tb.png",
    "a.png|cat\nb.png|dog\n",
    "a.png cat\nb.png  dog \n", "cat a.png\rdog b.png", "train,cat,a.png\ntrain,dog,b.png",
    "cat,train,a.png\ndog,train,b.png",
    "train|a.png|cat\ntrain|b.png|dog", ",label,path\n0,cat,a.png\n1,dog,b.png",
  ])
  func `with and without header, in several spellings`(text: String) throws {
    #expect(try entries(text) == [["a.png", "cat", "train"], ["b.png", "dog", "train"]])
  }

  @Test func `quotes, splits and separators in fields`() throws {
    #expect(
      try entries("path,label,split\n\"a, \"\"b\"\".png\",cat,Train\nc.png,dog,valid\nd.png,dog,test\ne.png,dog,\n")
        == [
          ["a, \"b\".png", "cat", "train"], ["c.png", "dog", "validation"], ["d.png", "dog", "test"],
          ["e.png", "dog", "train"],
        ])
  }

  @Test(arguments: [
    ("path,label,is_valid\na.png,cat,False\nb.png,cat,True", ["train", "validation"]),
    ("path,label,is_test\na.png,cat,0\nb.png,cat,1", ["train", "test"]),
    ("path,label,is_train\na.png,cat,yes\nb.png,cat,no", ["train", "test"]),
    ("path,is_training_image,label\na.png,1,cat\nb.png,0,cat", ["train", "test"]),
    ("path,isValid,label\na.png,false,cat\nb.png,true,cat", ["train", "validation"]),
    ("path,label,is_train,is_test\na.png,cat,1,0\nb.png,cat,0,1\nc.png,cat,0,0", ["train", "test", "validation"]),
    ("path,label,Usage\na.png,cat,Training\nb.png,cat,PublicTest", ["train", "test"]),
    ("path,label,phase\na.png,cat,train\nb.png,cat,val", ["train", "validation"]),
    ("path,mode,label\na.png,train,cat\nb.png,eval,cat", ["train", "validation"]),
    ("path,label,dataset\na.png,cat,TRAIN\nb.png,cat,", ["train", "train"]),
    ("path,label,data_set\na.png,cat,train\nb.png,cat,test", ["train", "test"]),
    ("path,label,type\na.png,cat,trn\nb.png,cat,dev", ["train", "validation"]),
  ])
  func `the split in columns of other names, and in flags`(text: String, splits: [String]) throws {
    let list = try LabelList(text, path: "lists/l.csv")
    #expect(list.entries.map(\.split.rawValue) == splits)
    #expect(
      list.notes.allSatisfy { note in !note.contains("is_") && !note.contains("columns not used") }, "\(list.notes)")
  }

  @Test(arguments: [
    // The boxes of a detector: `y` is a coordinate.
    ("filename,x,y,width,height,class\na.png,1,2,3,4,cat\nb.png,1,3,3,4,dog", ["cat", "dog"]),
    ("path,y,label\na.png,7,cat\nb.png,8,cat", ["cat", "cat"]),
    ("path,y\na.png,cat\nb.png,dog", ["cat", "dog"]),
    // The number and the name of each class.
    ("path,target,class_name\na.png,3,cat\nb.png,0,dog", ["cat", "dog"]),
    ("path,class_name,target\na.png,cat,3\nb.png,dog,0", ["cat", "dog"]),
    ("path,y,target,class\na.png,5,1.0,cat\nb.png,5,2.0,dog", ["cat", "dog"]),
    ("path,label,category\na.png,1,10\nb.png,2,20", ["1", "2"]),
    ("path,label,category\na.png,cat,\nb.png,dog,", ["cat", "dog"]),
    ("path,class,label\na.png, ,cat\nb.png,,dog", ["cat", "dog"]),
  ])
  func `of columns that name the same classes, that with names is the label`(text: String, labels: [String]) throws {
    #expect(try LabelList(text, path: "lists/l.csv").entries.map(\.label) == labels)
  }

  @Test(arguments: [
    ("path,label,class\na.png,cat,1\nb.png,cat,2", "the columns 'label' and 'class' may both be the label"),
    ("path,target,class_name\na.png,1,cat\nb.png,1,dog", "'target' and 'class_name' may both"),
    ("path,target,class_name\na.png,1,cat\nb.png,2,cat", "'target' and 'class_name' may both"),
    ("Category,file,Class,Label\nx,a.png,1,cat\ny,b.png,2,cat", "'Category' and 'Label' may both"),
    ("path,label,y,class\na.png,cat,1,kitten\nb.png,cat,1,cat", "'label' and 'class' may both"),
    ("filename,x,y\na.png,1,2\nb.png,2,2", "names no column of labels"),
  ])
  func `columns that name different classes are refused`(text: String, problem: String) throws {
    let error = try #require(throws: FileError.self) { try LabelList(text, path: "lists/l.csv") }
    #expect(error.description.contains("line 1") && error.description.contains(problem), "\(error)")
    #expect(!problem.contains("both") || error.description.contains("rename one of them, or leave one out"))
  }

  @Test(arguments: [
    "id,filename,label\n0,images/0.png,cat\n1,images/1.png,dog",
    "name,filename,label\nTom,images/0.png,cat\nRex,images/1.png,dog",
    "label,id,name,path\ncat,0,Tom,images/0.png\ndog,1,Rex,images/1.png",
    // Files whose endings are left out, beside names that are no files.
    "id,image,label\n0.png,images/0,cat\n1.png,images/1,dog",
    "file,filepath,label\n0.png,images/0.png,cat\n1.png,images/1.png,dog",
    "name,id,label\nTom,images/0.png,cat\nRex,images/1.png,dog",
    "id,label\nimages/0.png,cat\nimages/1.png,dog",
  ])
  func `of columns that may be the path, that which names files is taken`(text: String) throws {
    let directory = try TemporaryDirectory()
    for number in 0..<2 {
      try FolderTrees.write(FolderTrees.image(number), to: directory.file("images/\(number).png"))
    }
    let entries = try LabelList(text, path: directory.file("list.csv")).entries
    let ending = text.contains("images/0.png") ? ".png" : ""
    #expect(entries.map(\.path) == ["images/0\(ending)", "images/1\(ending)"])
    #expect(entries.map(\.label) == ["cat", "dog"])
  }

  @Test(arguments: [
    "id,path,label\n7,train/a.png,cat\n8,test/b.png,dog", "path,mask,label\na.png,train/a,cat\nb.png,test/b,dog",
    "path,other,label\na.png,train_1.png,cat\nb.png,test_1.png,dog",
    "path,label,bullet_train\na.png,cat,0\nb.png,dog,1",
  ])
  func `paths and other properties do not say the split`(text: String) throws {
    let list = try LabelList(text, path: "lists/l.csv")
    #expect(list.entries.map(\.label) == ["cat", "dog"] && list.splits == [.train])
    #expect(list.entries.allSatisfy { entry in entry.path.hasSuffix(".png") })
    #expect(list.notes.contains { note in note.contains("columns not used: ") }, "\(list.notes)")
  }

  @Test(arguments: [
    ("path,label,valid\na.png,cat,True\nb.png,cat,True", "'valid' may say", "write is_validation in its place"),
    ("path,label,test\na.png,cat,0\nb.png,cat,1", "'test' may say", "write is_test in its place"),
    ("path,label,in_test\na.png,cat,no\nb.png,cat,yes", "'in_test' may say which images are test", "write is_test in"),
    ("path,label,in_train\na.png,cat,yes\nb.png,cat,no", "'in_train' may say which images are training", "is_train in"),
    ("path,label,use_in_validation\na.png,cat,0\nb.png,cat,1", "'use_in_validation' may say", "write is_validation in"),
    ("path,label,for-test\na.png,cat,0\nb.png,cat,1", "'for-test' may say", "write is_test in"),
    ("path,label,usedForTraining\na.png,cat,t\nb.png,cat,f", "'usedForTraining' may say", "write is_train in"),
    ("path,label,group\na.png,cat,train\nb.png,cat,val", "'group' holds names of splits", "write split in its place"),
    ("path,label,is_valid\na.png,cat,maybe\nb.png,cat,1", "'is_valid' holds 1, maybe", "expected true or false"),
    ("path,label,is_test,is_train\na.png,cat,1,1\nb.png,cat,0,1", "line 2", "several splits: test, training"),
    ("img/a.png,train\nimg/b.png,test", "names of splits (test, train)", "expected path,label,split"),
    ("Train;a.png\nVal;b.png", "names of splits (Train, Val)", "a first line path,label"),
  ])
  func `what may say the split is refused with what to write`(text: String, problem: String, advice: String) throws {
    let error = try #require(throws: FileError.self) { try LabelList(text, path: "lists/l.csv") }
    #expect(error.description.contains(problem) && error.description.contains(advice), "\(error)")
  }

  @Test func `columns that are not used are named, and labels that a header names are classes`() throws {
    let list = try LabelList(",path,label,breed,type\n0,a.png,train,x,y\n1,b.png,test,z,y", path: "l.csv")
    #expect(list.classNames == ["test", "train"])
    #expect(list.notes.contains { note in note.contains("columns not used: breed, type") }, "\(list.notes)")
    #expect(try LabelList("path,label,split\na.png,cat,train", path: "l.csv").notes.isEmpty)
  }

  @Test(arguments: [
    ("a.png,cat\na.png,dog\n", "line 2", "line 1 already"),
    ("a.png,cat\nb.png,cat\n./a.png,cat", "line 3", "line 1 already"),
    ("x/a.png,cat\nb.png,cat\ny/../x/a.png,dog", "line 3", "line 1 already"),
    ("x/y/../../a.png,cat\nb.png,cat\n../lists/a.png,cat", "line 3", "line 1 already"),
    ("/data/a.png,cat\nb.png,cat\n/../data/x/../a.png,dog", "line 3", "line 1 already"),
    ("a.png,cat\nb.png\n", "line 2", "one field"), ("a.png,cat\nb.png,dog,x,y\n", "line 2", "4 fields"),
    ("a.png,cat\n,dog\n", "line 2", "no path"), ("a.png,cat\nb.png,\n", "line 2", "no label"),
    ("a.png,cat,train\nb.png,dog,training set\nc.png,dog,other", "line 3", "'other'"),
    ("a.png,\"cat\nb.png,dog\n", "line 1", "quote"),
    ("a.png,\"cat\"s\n", "line 1", "after a closing quote"), ("path,label\n", "l.csv", "no image"),
    ("", "l.csv", "empty"), ("a.png,cat\nb.png,nan\n", "line 2", "'nan', a missing value"),
    ("path,label\na.png,NULL\n", "line 2", "'NULL', a missing value"),
    // The system would read no further than to the zero byte.
    ("a.png,cat\nb.png,dog\nb.png\0x,cat\n", "line 3", "zero byte; save the list as UTF-8"),
    ("a.png,cat\0\n", "line 1", "zero byte"), ("path,label\n\"a\0.png\",cat", "line 2", "zero byte"),
    // UTF-16 without a mark.
    ("a\0.\0p\0n\0g\0,\0c\0\n\0", "line 1", "zero byte"),
    ("/data/a.png,cat\nb.png,cat\n/data//./a.png,dog", "line 3", "line 1 already"),
  ])
  func `a wrong line is named`(text: String, line: String, problem: String) throws {
    let error = try #require(throws: FileError.self) { try LabelList(text, path: "lists/l.csv") }
    #expect(error.description.contains(line) && error.description.contains(problem), "\(error)")
  }

  @Test(arguments: ["/x/lists/l.csv", "/x/./lists//l.csv"])
  func `an absolute path and one relative to the list are one image`(path: String) throws {
    let error = try #require(throws: FileError.self) {
      try LabelList("a/1.png,cat\na/2.png,dog\n/x/lists/a/1.png,dog\n", path: path)
    }
    #expect(error.description.contains("line 3") && error.description.contains("in line 1 already"), "\(error)")
    #expect(try LabelList("a/1.png,cat\n/x/a/1.png,dog\n", path: path).entries.count == 2)
  }

  @Test(arguments: [
    ("image,cat,dog\na.png,1,0\n", "names no column of labels"),
    ("pic,breed,label\na.png,x,cat\n", "names no column of paths"),
  ])
  func `a header of which one name is known is no image`(text: String, problem: String) throws {
    let error = try #require(throws: FileError.self) { try LabelList(text, path: "lists/l.csv") }
    #expect(error.description.contains("line 1: the header") && error.description.contains(problem), "\(error)")
  }

  @Test(arguments: [
    ("0,cat,a.png\n1,dog,b.png", "3 columns without a header (0, cat, a.png)", "such as other1,label,path"),
    ("a.png,a-mask.png,1\nb.png,b-mask.png,2", "the columns 1 and 2 both name images", "such as path,other2,label"),
    ("a.png,1,0,1\nb.png,0,1,0", "4 columns without a header", "such as path,other2,other3,label"),
    ("foto,rasse\na.png,cat", "the header foto, rasse names no column of paths nor of labels", "expected path,label"),
  ])
  func `columns that cannot be told apart are refused, with a header that works`(
    text: String, problem: String, advice: String
  ) throws {
    let error = try #require(throws: FileError.self) { try LabelList(text, path: "lists/l.csv") }
    #expect(error.description.contains(problem) && error.description.contains(advice), "\(error)")
    guard let header = advice.split(separator: " ").last, header.contains("other") else { return }
    #expect(try LabelList("\(header)\n\(text)", path: "lists/l.csv").entries.map(\.path) == ["a.png", "b.png"])
  }

  @Test func `a column of files without an ending is told from labels by the files`() throws {
    let directory = try TemporaryDirectory()
    try FolderTrees.write(FolderTrees.image(1), to: directory.file("001.png"))
    try FolderTrees.write(FolderTrees.image(2), to: directory.file("more/002"))
    let path = directory.file("list.csv")
    try FolderTrees.write(Array("7,001\n".utf8), to: path)
    let error = try #require(throws: FileError.self) { try LabelList(path: path) }
    #expect(error.description.hasSuffix("write paths with their endings, as in 001.png"), "\(error)")
    try FolderTrees.write(Array("7 more/002\n".utf8), to: path)
    #expect(try LabelList(path: path).entries.map(\.label) == ["7"])
  }

  @Test(arguments: [
    ("images\\1.png", "images/1.png"), ("images/1", "images/1.png"), ("C:\\data\\images\\1.png", "images/1.png"),
    ("/elsewhere/images/1.png", "images/1.png"), ("lists/images/1.png", "images/1.png"), ("1.png", "images/1.png"),
    ("1", "images/1.png"),
  ])
  func `paths of Windows, of other folders and without an ending are told as such`(written: String, right: String)
    throws
  {
    let directory = try TemporaryDirectory()
    try FolderTrees.write(FolderTrees.image(1), to: directory.file("images/1.png"))
    let path = directory.file("list.csv")
    try FolderTrees.write(Array("path,label\n\(written),cat\n".utf8), to: path)
    let error = try #require(throws: FileError.self) { try LabelList(path: path) }
    #expect(error.kind == .missing && error.description.hasSuffix("as in \(right)"), "\(error)")
  }

  @Test func `a broken link is told as such`() throws {
    let directory = try TemporaryDirectory()
    let link = directory.file("1.png")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/nowhere/1.png")
    let path = directory.file("list.csv")
    try writeBytes(Array("1.png,cat\n".utf8), to: path)
    let error = try #require(throws: FileError.self) { try LabelList(path: path) }
    #expect(error.kind == .missing)
    #expect(error.description.hasPrefix("\(path), line 1: \(link) is a broken symbolic link"), "\(error)")
  }

  @Test func `files are relative to the list, and missing ones are named`() throws {
    let directory = try TemporaryDirectory()
    for (number, name) in ["images/1.png", "images/2.png", "images/3.png"].enumerated() {
      try FolderTrees.write(FolderTrees.image(number), to: directory.file(name))
    }
    let path = directory.file("list.csv")
    try writeBytes(
      Array("images/2.png,dog\nimages/1.png,cat\n\(directory.file("images/3.png")),dog,test\n".utf8), to: path)
    let ragged = try #require(throws: FileError.self) { try LabelList(path: path) }
    #expect(ragged.description.contains("line 3"))
    try writeBytes(
      Array("images/2.png,dog,train\nimages/1.png,cat,train\n\(directory.file("images/3.png")),dog,test\n".utf8),
      to: path)
    let list = try LabelList(path: path)
    #expect(list.classNames == ["cat", "dog"] && list.splits == [.train, .test])
    let (training, test) = (try list.index(.train), try list.index(.test))
    #expect((0..<2).map { number in training.label(at: number) } == [0, 1])
    #expect(try training.image(at: 0) == FolderTrees.image(0) && training.image(at: 1) == FolderTrees.image(1))
    #expect(test.label(at: 0) == 1 && test.classNames == ["cat", "dog"])
    #expect(try FolderIndex(decoding: test.encoded()).image(at: 0) == FolderTrees.image(2))
    for (line, part) in [("images/9.png,dog", "no file"), ("images,dog", "is a folder")] {
      try writeBytes(Array("images/2.png,dog\n\(line)\n".utf8), to: path)
      let error = try #require(throws: FileError.self) { try LabelList(path: path) }
      #expect(error.description.contains("line 2") && error.description.contains(part), "\(error)")
    }
    try writeBytes(Array("images/1.png,dog,train\nimages/2.png,cat,val\n".utf8), to: path)
    let unknown = try LabelList(path: path)
    let error = try #require(throws: FileError.self) { try unknown.index(.validation) }
    #expect(error.description.contains("line 2") && error.description.contains("'cat'"))
  }
}
