/// A self-contained HTML document, which contains no script and refers to no other file or address.
package struct Page {
  /// A section of the page with a heading.
  struct Section {
    /// The section's HTML anchor, a single word.
    let name: String
    let title: String
    let content: Markup
  }

  let title: String
  /// The lines below the page's title.
  let subtitle: Markup
  let sections: [Section]

  /// The complete HTML document.
  package var html: String {
    let links = sections.map { section in "<li><a href=\"#\(section.name)\">\(section.title)</a></li>" as Markup }
    let bodies = sections.map { section in
      """
      <section id="\(section.name)" aria-labelledby="\(section.name)-title">
      <h2 id="\(section.name)-title">\(section.title)</h2>
      \(section.content)
      </section>
      """ as Markup
    }
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <title>\(title)</title>
      <link rel="icon" href="data:,">
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      \(subtitle)
      <nav aria-label="Sections"><ul>\(links)</ul></nav>
      </header>
      <main>
      \(bodies)
      </main>
      <footer><p>Made by supcon. This file needs nothing besides itself.</p></footer>
      </body>
      </html>

      """
    return page.text
  }

  /// The colors of curves and classes, `--c0` … `--c9`, with a contrast of at least 3 : 1 to the background.
  private static let lightColors = [
    "#0067a5", "#b83b0b", "#047857", "#a21caf", "#854d0e", "#0e7490", "#b91c1c", "#4d7c0f", "#6d28d9", "#475569",
  ]
  private static let darkColors = [
    "#63b8f0", "#fb923c", "#34d399", "#e879f9", "#eab308", "#22d3ee", "#f87171", "#a3e635", "#a78bfa", "#cbd5e1",
  ]

  private static func variables(_ colors: [String]) -> Markup {
    Markup(joining: colors.enumerated().map { index, color in "--c\(index):\(color);" })
  }

  private static var style: Markup {
    let classes = (0..<lightColors.count).map { index in
      ".f\(index){fill:var(--c\(index));stroke:none}.s\(index){stroke:var(--c\(index));fill:none}" as Markup
    }
    return """
      :root{\(variables(lightColors))--ink:#16191d;--quiet:#4b5563;--paper:#ffffff;--panel:#f3f5f7;--line:#c3c9d1;--link:#0057a3;--heat:0,103,165}
      @media screen and (prefers-color-scheme:dark){:root{\(variables(darkColors))--ink:#eceff3;--quiet:#b4bcc8;--paper:#14171b;--panel:#1f242a;--line:#4a525d;--link:#8cc8ff;--heat:99,184,240}}
      \(classes)
      \(PageStyle.rules)
      """
  }
}
