extension String {
  /// The text as one word of a POSIX shell's command, in single quotes if it needs them.
  public var shellQuoted: String {
    !isEmpty
      && allSatisfy { letter in letter.isASCII && (letter.isLetter || letter.isNumber || "/._-+=:,@%".contains(letter))
      }
      ? self : "'" + unicodeScalars.map { scalar in scalar == "'" ? #"'\''"# : String(scalar) }.joined() + "'"
  }
}
