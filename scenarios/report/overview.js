// The page of several scenarios: all of them with their verdicts, to filter and to open.

function nameOf(file) {
  return file.replace(/^.*\//, "").replace(/\.json$/, "");
}

const STATES = { failed: "failed", broken: "broken", passed: "passed" };

function stateOf(entry) {
  if (entry.error !== undefined) return STATES.broken;
  return entry.passed ? STATES.passed : STATES.failed;
}

function verdictsOf(entry) {
  const runs = [];
  for (const [verdict, shipped] of entry.verdicts ?? []) {
    if (runs.at(-1)?.verdict === verdict) runs.at(-1).count += 1;
    else runs.push({ verdict, shipped, count: 1 });
  }
  return runs.map(({ verdict, shipped, count }) =>
    h(
      "span",
      { class: `verdict ${shipped ? "good" : "bad"}` },
      count === 1 ? verdict : `${verdict} \u00d7${count}`,
    ),
  );
}

class Overview {
  constructor(index, addressOf) {
    this.index = index;
    this.addressOf = addressOf;
    this.hidden = new Set();
    this.text = "";
    this.list = h("tbody");
    this.count = h("output", { class: "count", "aria-live": "polite" });
  }

  element() {
    const counts = Object.values(STATES).map((state) => [
      state,
      this.index.filter((entry) => stateOf(entry) === state).length,
    ]);
    const good = this.index.every((entry) => stateOf(entry) === STATES.passed);
    const passed = this.index.filter((entry) => stateOf(entry) === STATES.passed).length;
    const page = h(
      "main",
      { class: "overview" },
      h(
        "header",
        { class: `top ${good ? "good" : "bad"}` },
        h("p", { class: "badge" }, good ? "PASS" : "FAIL"),
        h("h1", null, `${passed} of ${plural(this.index.length, "scenario")} passed`),
      ),
      h(
        "section",
        { class: "card", "aria-label": "Scenarios" },
        h(
          "div",
          { class: "tools" },
          h(
            "fieldset",
            null,
            h("legend", null, "Result"),
            counts
              .filter(([, count]) => count > 0)
              .map(([state, count]) =>
                h(
                  "label",
                  { class: `chip ${state}` },
                  h("input", {
                    type: "checkbox",
                    checked: true,
                    "data-filter": state,
                    onchange: (event) => {
                      if (event.target.checked) this.hidden.delete(state);
                      else this.hidden.add(state);
                      this.draw();
                    },
                  }),
                  h("span", null, state, h("small", null, ` ${count}`)),
                ),
              ),
          ),
          h(
            "label",
            { class: "search" },
            h("span", { class: "hidden" }, "Filter by text"),
            h("input", {
              type: "search",
              placeholder: "Filter: title, file, verdict\u2026",
              oninput: (event) => {
                this.text = event.target.value.toLowerCase();
                this.draw();
              },
            }),
          ),
          this.count,
        ),
        h(
          "div",
          { class: "scroll-x" },
          h(
            "table",
            { class: "index" },
            h("caption", { class: "hidden" }, "Scenarios"),
            h(
              "thead",
              null,
              h(
                "tr",
                null,
                ["result", "scenario", "verdicts", "faults", "exchanges"].map((head, at) =>
                  h("th", { scope: "col", class: at > 2 ? "number" : null }, head),
                ),
              ),
            ),
            this.list,
          ),
        ),
      ),
    );
    this.draw();
    return page;
  }

  draw() {
    const shown = this.index.filter(
      (entry) =>
        !this.hidden.has(stateOf(entry)) &&
        (this.text === "" || JSON.stringify(entry).toLowerCase().includes(this.text)),
    );
    const order = Object.values(STATES);
    shown.sort((a, b) => order.indexOf(stateOf(a)) - order.indexOf(stateOf(b)));
    this.list.replaceChildren(
      ...shown.map((entry) =>
        h(
          "tr",
          { class: stateOf(entry) },
          h("td", null, outcome(stateOf(entry) === STATES.passed, stateOf(entry))),
          h(
            "td",
            null,
            entry.error === undefined
              ? h("a", { href: this.addressOf(entry) }, entry.title)
              : h("b", null, "could not be played"),
            h("small", { class: "file" }, entry.error ?? entry.file),
          ),
          h("td", { class: "verdicts" }, verdictsOf(entry)),
          h("td", { class: "number" }, entry.fired ? `\u26a1 ${entry.fired}` : "\u2013"),
          h("td", { class: "number" }, String(entry.exchanges ?? "\u2013")),
        ),
      ),
    );
    this.count.textContent = shown.length === this.index.length ? "" : `${shown.length} shown`;
  }
}
