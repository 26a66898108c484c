/// The version that `--version` and summaries show.
package let supconVersion = "0.2.0"
