import COneDNN

/// The version of the oneDNN library that this process has loaded, such as `2.6.3`.
public var oneDNNVersion: String {
  guard let version = unsafe dnnl_version() else { return "unknown" }
  return unsafe "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
}
