/// The version that `--version` and summaries show.
package let supconVersion = "0.1.0"
