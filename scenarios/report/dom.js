"use strict";
// Elements. No part of the page ever writes HTML: what a server or a program said becomes text.

// h("p", {class: "x", onclick: f, style: {"--x": 1}}, "text", [elements], null)
function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") put(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return element;
}

function put(element, style) {
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
}

function $(selector, within = document) {
  return within.querySelector(selector);
}

// The index stands in the page as JSON; scenarios are packed and read when they are opened.
function readIndex() {
  return JSON.parse(document.getElementById("index").textContent);
}

async function readPacked(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// A table whose first row heads the columns; a cell is text, an element, or {class, of: content}.
function table(caption, heads, rows, properties) {
  const cell = (tag, content) =>
    content !== null && typeof content === "object" && "of" in content
      ? h(tag, { class: content.class }, content.of)
      : h(tag, null, content);
  return h(
    "div",
    { class: "scroll-x" },
    h(
      "table",
      properties,
      h("caption", { class: "hidden" }, caption),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          heads.map((head) => {
            const element = cell("th", head);
            element.scope = "col";
            return element;
          }),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row) =>
          row instanceof Element
            ? row
            : h(
                "tr",
                null,
                row.map((content) => cell("td", content)),
              ),
        ),
      ),
    ),
  );
}

// Whether it held, as a shape and a word: never a colour alone.
function outcome(good, text) {
  return h(
    "span",
    { class: `outcome ${good ? "good" : "bad"}` },
    h("span", { "aria-hidden": "true" }, good ? "\u2713" : "\u2717"),
    " ",
    text,
  );
}
