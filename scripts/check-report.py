#!/usr/bin/env python3
"""Checks reports of `supcon report` in headless Chromium, on a phone and on a desk, light and dark, and on paper.

    scripts/check-report.py report.html … [--screenshots DIR]

Needs playwright (PyPI) and a Chromium: Debian's chromium or chromium-headless-shell, or `playwright install chromium`. Of each page it checks:
no request leaves it; it is below 5 MB; nothing is wider than the screen; no text is cut off or lies on another; no figure is empty; images
and figures have text alternatives; landmarks, headings in order, a language and a title; tables have heads; scrolling parts are reached by
keyboard; text has a contrast of at least 4.5 : 1, strokes and points of 3 : 1. Ends with 1 if anything is wrong.
"""

import argparse
import os
import pathlib
import shutil
import sys

from playwright.sync_api import sync_playwright

LIMIT = 5_000_000

STRUCTURE = r"""
() => {
  const wrong = [];
  const need = (condition, text) => { if (!condition) wrong.push(text); };
  need(document.documentElement.lang, "no language");
  need(document.title.trim(), "no title");
  for (const tag of ["header", "main", "nav", "footer"]) need(document.querySelectorAll(tag).length === 1, `not one ${tag}`);
  need(document.querySelectorAll("h1").length === 1, "not one h1");
  let level = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4")) {
    const own = +heading.tagName[1];
    need(own <= level + 1, `heading level jumps at "${heading.textContent}"`);
    need(heading.textContent.trim(), "an empty heading");
    level = own;
  }
  for (const image of document.querySelectorAll("img")) {
    need((image.getAttribute("alt") || "").trim(), "an image without alt");
    need(image.naturalWidth > 0, `an image that cannot be decoded: ${image.alt}`);
  }
  for (const figure of document.querySelectorAll("svg:not([aria-hidden])")) {
    need(figure.getAttribute("role") === "img" && (figure.getAttribute("aria-label") || "").trim(), "a figure without a label");
    const drawn = [...figure.querySelectorAll("path:not(.rule):not(.axis),rect")].filter(
      part => { const box = part.getBBox(); return box.width + box.height > 0; });
    need(drawn.length, `an empty figure: ${figure.getAttribute("aria-label")}`);
    need(!/NaN|inf/.test(figure.innerHTML), "a figure with a coordinate that is no number");
  }
  for (const table of document.querySelectorAll("table")) {
    need(table.querySelector("caption"), "a table without a caption");
    need(table.querySelectorAll("th[scope]").length, "a table without heads");
  }
  for (const part of document.querySelectorAll("*")) {
    const style = getComputedStyle(part);
    if (/(auto|scroll)/.test(style.overflowX) && part.scrollWidth > part.clientWidth + 1)
      need(part.tabIndex === 0 && part.getAttribute("aria-label"), `scrolls, but not by keyboard: ${part.className}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map(part => part.id);
  need(new Set(ids).size === ids.length, "an id is used twice");
  for (const link of document.querySelectorAll("a")) {
    need(link.textContent.trim(), "a link without text");
    need(document.getElementById(decodeURIComponent(link.hash.slice(1))), `a link to nothing: ${link.hash}`);
  }
  need(!document.querySelector("script,iframe,object,embed,form"), "a script or a frame");
  return wrong;
}
"""

LAYOUT = r"""
() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide on ${root.clientWidth}`);
  const scrolled = part => {
    const frame = part.closest(".scroll");
    // On paper nothing scrolls: what is wider than its frame is lost.
    return frame && getComputedStyle(frame).overflowX !== "visible";
  };
  for (const part of document.querySelectorAll("body *")) {
    if (scrolled(part) || part.closest("svg") || part.closest("details:not([open])")) continue;
    const box = part.getBoundingClientRect();
    if (box.width && (box.right > root.clientWidth + 1 || box.left < -1)) wrong.push(`beyond the edge: ${part.tagName} ${part.className}`);
  }
  for (const figure of document.querySelectorAll("svg[role=img]")) {
    const frame = figure.getBoundingClientRect();
    const texts = [...figure.querySelectorAll("text")].map(text => [text, text.getBoundingClientRect()]);
    texts.forEach(([text, box], index) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        wrong.push(`"${text.textContent}" is cut off in ${figure.getAttribute("aria-label").slice(0, 40)}`);
      for (const [other, place] of texts.slice(index + 1)) {
        const across = Math.min(box.right, place.right) - Math.max(box.left, place.left);
        const down = Math.min(box.bottom, place.bottom) - Math.max(box.top, place.top);
        // Boxes of text have space above and below the letters.
        if (across > 1 && down > 4) wrong.push(`"${text.textContent}" lies on "${other.textContent}" in ${figure.getAttribute("aria-label").slice(0, 40)}`);
      }
    });
  }
  return wrong;
}
"""

CONTRAST = r"""
() => {
  const wrong = new Set();
  const numbers = text => (text.match(/[\d.]+/g) || []).map(Number);
  const over = (top, bottom) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => a * top[i] + (1 - a) * bottom[i]); };
  const light = color => {
    const [r, g, b] = color.map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
  const ground = part => {
    const layers = [];
    for (let at = part; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length && (color[3] ?? 1) > 0) { layers.push(color); if ((color[3] ?? 1) === 1) break; }
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const part = node.parentElement;
    if (!node.textContent.trim() || part.closest("svg")) continue;
    const value = ratio(over(numbers(getComputedStyle(part).color), ground(part)), ground(part));
    if (value < 4.5) wrong.add(`text "${node.textContent.trim().slice(0, 30)}": ${value.toFixed(2)} : 1`);
  }
  for (const part of document.querySelectorAll("svg text, svg .curve, svg .mark, svg [class^=f], svg .axis")) {
    const style = getComputedStyle(part), below = ground(part.closest("svg"));
    const paint = part.tagName === "text" || style.stroke === "none" ? style.fill : style.stroke;
    const value = ratio(over(numbers(paint), below), below), least = part.tagName === "text" ? 4.5 : 3;
    if (value < least) wrong.add(`${part.tagName}.${part.getAttribute("class")}: ${value.toFixed(2)} : 1`);
  }
  return [...wrong];
}
"""


def browser_path():
    for name in ("chromium-headless-shell", "chromium", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


def check(browser, path, screenshots):
    wrong = []
    if os.path.getsize(path) >= LIMIT:
        wrong.append(f"{os.path.getsize(path)} bytes; expected below {LIMIT}")
    for width in (390, 1440):
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            left = []
            page.on("request", lambda request: left.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
            page.on("console", lambda message: left.append(message.text) if message.type == "error" else None)
            files = []
            page.on("request", lambda request: files.append(request.url) if request.url.startswith("file:") else None)
            page.goto(path.resolve().as_uri())
            found = [f"request: {url}" for url in left]
            if len(files) > 1:
                found.append(f"reads other files: {files[1:]}")
            found += page.evaluate(STRUCTURE) + page.evaluate(LAYOUT) + page.evaluate(CONTRAST)
            wrong += [f"{width} px, {scheme}: {text}" for text in found]
            if screenshots:
                page.screenshot(path=f"{screenshots}/{path.stem}-{width}-{scheme}.png", full_page=True)
            page.close()
    page = browser.new_page(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(path.resolve().as_uri())
    wrong += [f"print: {text}" for text in page.evaluate(LAYOUT) + page.evaluate(CONTRAST)]
    if screenshots:
        page.screenshot(path=f"{screenshots}/{path.stem}-print.png", full_page=True)
    page.close()
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("reports", nargs="+", type=pathlib.Path)
    parser.add_argument("--screenshots", help="folder for an image of each page as it is shown")
    arguments = parser.parse_args()
    if arguments.screenshots:
        os.makedirs(arguments.screenshots, exist_ok=True)
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox"] if os.geteuid() == 0 else [])
        for path in arguments.reports:
            wrong = check(browser, path, arguments.screenshots)
            failed = failed or bool(wrong)
            print(f"{path}: " + ("nothing is wrong" if not wrong else f"{len(wrong)} faults"))
            for text in wrong:
                print(f"  {text}")
        browser.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
