/// The program's version, shown by `--version` and recorded in `summary.json`.
package let supconVersion = "0.2.0"
