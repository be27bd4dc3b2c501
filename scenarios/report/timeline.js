// The timeline: the board with its filters, its width and the exchange that is looked at.

const LANES = ["token service", "registry", "CDN", "Hub API", "npm", "forge"];
const KINDS = [
  ["ok", "2xx 3xx"],
  ["4xx", "4xx"],
  ["5xx", "5xx"],
  ["lost", "no answer"],
];
const UNIT_PX = 9;
const PRINT_PX = 690;

class Timeline {
  // `select(exchange)` shows one; it is called with null when the choice ends.
  constructor(scenario, play, select) {
    this.scenario = scenario;
    this.play = play;
    this.select = select;
    this.exchanges = play.events.filter((event) => event.k === "exchange");
    this.lanes = [...new Set(this.exchanges.map((each) => each.lane))].sort(
      (a, b) => ((LANES.indexOf(a) + 99) % 99) - ((LANES.indexOf(b) + 99) % 99),
    );
    this.actors = [...new Set(play.events.map((event) => event.a))].filter(
      (actor) =>
        actor !== "scenario" && play.events.some((event) => event.a === actor && event.k !== "tag"),
    );
    this.hiddenLanes = new Set();
    this.hiddenKinds = new Set();
    this.onlyFaults = false;
    this.text = "";
    this.chosen = null;
    this.unit = null; // px; null: chosen by the room there is
    this.tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
    this.count = h("output", { class: "count", "aria-live": "polite" });
    this.scroller = h("div", { class: "scroller" });
    this.element = h(
      "section",
      { class: "card timeline", "aria-label": "Timeline" },
      h("h2", null, "Timeline"),
      this.tools(),
      this.scroller,
      this.tip,
      this.hints(),
    );
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.scroller.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  shows(exchange) {
    return (
      !this.hiddenLanes.has(exchange.lane) &&
      !this.hiddenKinds.has(kindOf(exchange)) &&
      (!this.onlyFaults || exchange.faults.length > 0) &&
      (this.text === "" ||
        sentence(this.play, exchange).toLowerCase().includes(this.text) ||
        exchange.url.toLowerCase().includes(this.text))
    );
  }

  tools() {
    const toggle = (set, value, label, count) =>
      h(
        "label",
        { class: "chip" },
        h("input", {
          type: "checkbox",
          checked: true,
          "data-filter": value,
          onchange: (event) => {
            if (event.target.checked) set.delete(value);
            else set.add(value);
            this.draw();
          },
        }),
        h("span", null, label, h("small", null, ` ${count}`)),
      );
    const countOf = (test) => this.exchanges.filter(test).length;
    const faults = countOf((each) => each.faults.length > 0);
    return h(
      "div",
      { class: "tools" },
      h(
        "fieldset",
        null,
        h("legend", null, "Servers"),
        this.lanes.map((lane) =>
          toggle(
            this.hiddenLanes,
            lane,
            lane,
            countOf((each) => each.lane === lane),
          ),
        ),
      ),
      h(
        "fieldset",
        null,
        h("legend", null, "Answers"),
        KINDS.map(([kind, label]) => [kind, label, countOf((each) => kindOf(each) === kind)])
          .filter(([, , count]) => count > 0)
          .map(([kind, label, count]) => toggle(this.hiddenKinds, kind, label, count)),
        faults === 0
          ? null
          : h(
              "label",
              { class: "chip fault" },
              h("input", {
                type: "checkbox",
                "data-filter": "faults",
                onchange: (event) => {
                  this.onlyFaults = event.target.checked;
                  this.draw();
                },
              }),
              h("span", null, "\u26a1 faults only", h("small", null, ` ${faults}`)),
            ),
      ),
      h(
        "div",
        { class: "zoom", role: "group", "aria-label": "Width" },
        h(
          "label",
          { class: "search" },
          h("span", { class: "hidden" }, "Filter by text"),
          h("input", {
            type: "search",
            placeholder: "Filter: tag, digest, URL\u2026",
            oninput: (event) => {
              this.text = event.target.value.toLowerCase();
              this.draw();
            },
          }),
        ),
        h(
          "button",
          { type: "button", "aria-label": "Narrower", onclick: () => this.zoom(0.7) },
          "\u2212",
        ),
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              this.unit = 0;
              this.draw();
            },
          },
          "Fit",
        ),
        h("button", { type: "button", "aria-label": "Wider", onclick: () => this.zoom(1.4) }, "+"),
        this.count,
      ),
    );
  }

  hints() {
    const key = (name) => h("kbd", null, name);
    return h(
      "p",
      { class: "hints" },
      h(
        "span",
        { class: "legend" },
        ["ok", "usual", "4xx", "5xx", "lost", "bolt"].map((kind) =>
          h(
            "span",
            null,
            h("i", { class: `dot ${kind}`, "aria-hidden": "true" }),
            {
              ok: "done",
              usual: "asked, not there",
              bolt: "a fault acted",
              "4xx": "4xx",
              "5xx": "5xx",
              lost: "no answer",
            }[kind],
          ),
        ),
      ),
      h(
        "span",
        { class: "keys" },
        key("\u2190"),
        key("\u2192"),
        " exchanges ",
        key("\u2191"),
        key("\u2193"),
        " faults and refusals ",
        key("Enter"),
        " details ",
        key("Esc"),
        " close",
      ),
    );
  }

  zoom(factor) {
    this.unit = Math.min(40, Math.max(1, this.width * factor));
    this.draw();
  }

  // Draws all of it anew, for the room there is (or that a printed page has).
  draw(printing = false) {
    this.axis = layOut(this.play, (exchange) => this.shows(exchange));
    this.visible = this.exchanges.filter((exchange) => this.shows(exchange));
    const label = window.innerWidth < 640 ? 88 : window.innerWidth < 1000 ? 128 : 172;
    const fit = ((printing ? PRINT_PX : this.scroller.clientWidth) - label - 8) / this.axis.total;
    if (printing || this.unit === 0) this.width = Math.min(fit, 24);
    else this.width = this.unit ?? Math.max(UNIT_PX, Math.min(fit, 20));
    this.board = new Board(this, label).element();
    this.scroller.replaceChildren(this.board);
    this.count.textContent =
      this.visible.length === this.exchanges.length
        ? plural(this.exchanges.length, "exchange")
        : `${this.visible.length} of ${this.exchanges.length} exchanges`;
    const first =
      this.chosen && this.visible.includes(this.chosen)
        ? this.chosen
        : (this.visible.find((each) => each.faults.length > 0) ?? this.visible[0]);
    if (first) this.markOf(first).tabIndex = 0;
    this.chosen = this.chosen && this.visible.includes(this.chosen) ? this.chosen : null;
    if (this.chosen) this.markOf(this.chosen).setAttribute("aria-pressed", "true");
  }

  markOf(exchange) {
    return $(`[data-n="${exchange.n}"]`, this.board);
  }

  // Shows an exchange and brings its mark into view, even if a filter hid it.
  choose(exchange, focus = true) {
    if (!this.visible.includes(exchange)) this.showEverything();
    for (const mark of this.board.querySelectorAll(".mark[tabindex='0']")) mark.tabIndex = -1;
    if (this.chosen) this.markOf(this.chosen)?.setAttribute("aria-pressed", "false");
    this.chosen = exchange;
    this.select(exchange);
    const mark = this.markOf(exchange);
    mark.tabIndex = 0;
    mark.setAttribute("aria-pressed", "true");
    if (focus) mark.focus({ preventScroll: true });
    this.reveal(mark);
  }

  reveal(mark) {
    const left = parseFloat(getComputedStyle(mark).left);
    const room =
      this.scroller.clientWidth - parseFloat(this.board.style.getPropertyValue("--label"));
    const seen = left - this.scroller.scrollLeft;
    if (seen < 20 || seen > room - 30) this.scroller.scrollLeft = left - room / 2;
  }

  close() {
    const mark = this.chosen && this.markOf(this.chosen);
    mark?.setAttribute("aria-pressed", "false");
    this.chosen = null;
    this.select(null);
    mark?.focus({ preventScroll: true });
  }

  showEverything() {
    this.hiddenLanes.clear();
    this.hiddenKinds.clear();
    this.onlyFaults = false;
    this.text = "";
    for (const input of this.element.querySelectorAll(".tools input")) {
      if (input.type === "search") input.value = "";
      else input.checked = input.dataset.filter !== "faults";
    }
    this.draw();
  }

  // The next one in a direction; `news`: that a reader should look at.
  neighbour(from, direction, news) {
    let at = this.visible.indexOf(from) + direction;
    while (
      news &&
      at >= 0 &&
      at < this.visible.length &&
      isUsual(this.visible[at], this.scenario.headers) &&
      this.visible[at].faults.length === 0
    ) {
      at += direction;
    }
    return this.visible[at] ?? null;
  }

  step(direction, news = false) {
    const next = this.chosen && this.neighbour(this.chosen, direction, news);
    if (next) this.choose(next, false);
  }

  key(event) {
    const mark = event.target.closest?.(".mark");
    if (!mark) return;
    const here = this.exchanges.find((each) => String(each.n) === mark.dataset.n);
    const next = {
      ArrowRight: () => this.neighbour(here, 1, false),
      ArrowLeft: () => this.neighbour(here, -1, false),
      ArrowDown: () => this.neighbour(here, 1, true),
      ArrowUp: () => this.neighbour(here, -1, true),
      Home: () => this.visible[0],
      End: () => this.visible.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    const exchange = next();
    if (!exchange) return;
    if (this.chosen) this.choose(exchange);
    else this.focusOn(exchange);
  }

  focusOn(exchange) {
    for (const mark of this.board.querySelectorAll(".mark[tabindex='0']")) mark.tabIndex = -1;
    const mark = this.markOf(exchange);
    mark.tabIndex = 0;
    mark.focus({ preventScroll: true });
    this.reveal(mark);
    this.showTip(mark, exchange);
  }

  showTip(mark, exchange) {
    const rules = exchange.faults.map((fault) => `\u26a1 ${fault.rule}: ${fault.effect}`);
    this.tip.replaceChildren(
      h("b", null, whatItAsked(exchange)),
      h("span", null, exchange.answer),
      ...rules.map((rule) => h("span", { class: "fault" }, rule)),
      h(
        "small",
        null,
        `${clock(this.play, exchange.t)} \u00b7 ${exchange.a} \u2192 ${exchange.lane}`,
      ),
    );
    this.tip.hidden = false;
    const box = mark.getBoundingClientRect();
    const within = this.element.getBoundingClientRect();
    const left = Math.min(
      Math.max(8, box.left - within.left - 20),
      within.width - this.tip.offsetWidth - 8,
    );
    put(this.tip, { left: `${left}px`, top: `${box.bottom - within.top + 4}px` });
  }
}
