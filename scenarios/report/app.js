// What is shown: "#NAME" is a scenario, "#NAME/PLAY/N" an exchange of one of its plays, and no
// fragment the list of scenarios (or the only one there is).

// Looks up what events refer to, once for each scenario.
function prepare(scenario) {
  for (const play of scenario.plays) {
    play.byOrdinal = new Map();
    for (const event of play.events) {
      if (event.k === "exchange") {
        event.faults = [];
        play.byOrdinal.set(event.ordinal, event);
      }
    }
    for (const event of play.events) {
      if (event.k === "fault") play.byOrdinal.get(event.exchange)?.faults.push(event);
    }
  }
  return scenario;
}

class ScenarioPage {
  constructor(scenario, neighbours, address) {
    this.scenario = scenario;
    this.neighbours = neighbours;
    this.address = address;
    this.body = h("div", { class: "play", role: "tabpanel", id: "play", tabindex: "-1" });
    this.detail = new Detail(scenario, {
      step: (direction) => this.timeline.step(direction),
      close: () => this.timeline.close(),
    });
    this.show = (play, n) => this.open(play, n, true);
  }

  element() {
    const { scenario } = this;
    this.tabs = h(
      "div",
      {
        class: "tabs",
        role: "tablist",
        "aria-label": "Plays",
        onkeydown: (event) => this.tabKey(event),
      },
      scenario.plays.map((play) =>
        h(
          "button",
          {
            type: "button",
            role: "tab",
            id: `tab-${play.key}`,
            "aria-controls": "play",
            onclick: () => this.open(play),
          },
          outcome(play.passed, play.label),
        ),
      ),
    );
    return h(
      "main",
      null,
      h(
        "header",
        { class: `top ${scenario.passed ? "good" : "bad"}` },
        this.neighbours,
        h("p", { class: "badge" }, scenario.passed ? "PASS" : "FAIL"),
        h("h1", null, scenario.title),
        h("p", { class: "facts" }, h("code", null, scenario.file), ` \u00b7 seed ${scenario.seed}`),
        scenario.about ? h("p", { class: "about" }, scenario.about) : null,
        scenario.sources.length === 0
          ? null
          : h(
              "ul",
              { class: "sources", "aria-label": "Sources" },
              scenario.sources.map((source) => h("li", null, source)),
            ),
        (scenario.rates ?? []).map((rate) =>
          h(
            "p",
            { class: "facts" },
            `${rate.name}: ${bytes(rate.bytesPerSecond)}/s, ${Math.round(rate.ratio * 100)} % of the floor`,
          ),
        ),
      ),
      failuresOf(scenario, this.show),
      this.tabs,
      this.body,
      this.detail.element,
    );
  }

  // Shows a play, and one of its exchanges when `n` is given.
  open(play, n, focus = false) {
    if (this.play !== play) {
      this.detail.show(play, null);
      this.play = play;
      this.timeline = new Timeline(this.scenario, play, (exchange) => this.chosen(exchange));
      for (const tab of this.tabs.children) {
        const on = tab.id === `tab-${play.key}`;
        tab.setAttribute("aria-selected", String(on));
        tab.tabIndex = on ? 0 : -1;
      }
      this.body.setAttribute("aria-labelledby", `tab-${play.key}`);
      this.body.replaceChildren(
        ...[
          this.timeline.element,
          stepsOf(play, (step) => this.goTo(step)),
          expectationsOf(this.scenario, play, this.show),
          faultsOf(play, this.show),
          logOf(this.scenario, play, this.show),
        ].filter((each) => each !== null),
      );
      this.timeline.draw();
    }
    const exchange = this.near(n);
    if (exchange) {
      this.timeline.choose(exchange, focus);
      this.timeline.element.scrollIntoView({ block: "nearest" });
    } else {
      this.address(play, null);
    }
  }

  // The exchange with that number, or the one before it when it is another kind of event.
  near(n) {
    if (n === undefined) return null;
    const before = this.timeline.exchanges.filter((exchange) => exchange.n <= n);
    return before.at(-1) ?? null;
  }

  chosen(exchange) {
    this.detail.show(this.play, exchange, this.timeline.visible);
    this.address(this.play, exchange);
  }

  goTo(step) {
    const { axis, scroller, width, element } = this.timeline;
    const band = axis.steps.find((each) => each.name === step.name);
    scroller.scrollLeft = band ? band.x * width - 12 : 0;
    element.scrollIntoView({ block: "start" });
  }

  tabKey(event) {
    const direction = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    const { plays } = this.scenario;
    this.open(plays[(plays.indexOf(this.play) + direction + plays.length) % plays.length]);
    $("[aria-selected='true']", this.tabs).focus();
  }
}

class App {
  constructor() {
    this.index = readIndex();
    this.scenarios = new Map();
    this.page = null;
    document.body.prepend(this.bar());
    window.addEventListener("hashchange", () => this.route());
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.page?.timeline?.chosen) this.page.timeline.close();
    });
    window.addEventListener("resize", () => this.page?.timeline?.draw());
    window.matchMedia("print").addEventListener("change", (event) => this.print(event.matches));
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
    this.route();
  }

  bar() {
    let theme = "auto";
    try {
      theme = localStorage.getItem("drydock-theme") ?? theme;
    } catch {
      /* a page from disk may have no storage */
    }
    const set = (value) => {
      if (value === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = value;
      try {
        localStorage.setItem("drydock-theme", value);
      } catch {
        /* as above: the choice lasts as long as the page */
      }
    };
    set(theme);
    return h(
      "nav",
      { class: "bar", "aria-label": "Report" },
      h("a", { href: "#", class: "brand" }, "drydock", h("small", null, " replay")),
      h(
        "fieldset",
        { class: "themes" },
        h("legend", { class: "hidden" }, "Colours"),
        ["auto", "light", "dark"].map((value) =>
          h(
            "label",
            null,
            h("input", {
              type: "radio",
              name: "theme",
              value,
              checked: value === theme,
              onchange: () => set(value),
            }),
            h("span", null, value),
          ),
        ),
      ),
    );
  }

  nameAt(at) {
    const name = nameOf(this.index[at].file);
    const first = this.index.findIndex((entry) => nameOf(entry.file) === name);
    return encodeURIComponent(first === at ? name : `${name}~${at}`);
  }

  async route() {
    const [name, key, n] = window.location.hash.slice(1).split("/");
    let at = this.index.findIndex(
      (entry, index) => entry.error === undefined && this.nameAt(index) === name,
    );
    if (at < 0 && this.index.length === 1 && this.index[0].error === undefined) at = 0;
    if (at < 0) return this.showOverview();
    if (!this.scenarios.has(at)) {
      const scenario = await readPacked(`scenario-${at}`);
      this.scenarios.set(at, prepare(scenario));
    }
    if (this.shown !== at) this.showScenario(at);
    const { plays } = this.page.scenario;
    this.page.open(
      plays.find((play) => play.key === key) ?? plays[0],
      n === undefined ? n : Number(n),
    );
  }

  showOverview() {
    this.shown = null;
    this.page = null;
    document.body.classList.remove("with-detail");
    document.title = "drydock replay";
    const overview = new Overview(
      this.index,
      (entry) => `#${this.nameAt(this.index.indexOf(entry))}`,
    );
    $("#page").replaceChildren(overview.element());
    window.scrollTo(0, 0);
  }

  showScenario(at) {
    const scenario = this.scenarios.get(at);
    const link = (to, text) =>
      to < 0 || to >= this.index.length || this.index[to].error !== undefined
        ? null
        : h("a", { href: `#${this.nameAt(to)}`, title: this.index[to].title }, text);
    const neighbours =
      this.index.length === 1
        ? null
        : h(
            "p",
            { class: "crumbs" },
            h("a", { href: "#" }, "all scenarios"),
            link(at - 1, "\u2190 previous"),
            link(at + 1, "next \u2192"),
          );
    this.shown = at;
    this.page = new ScenarioPage(scenario, neighbours, (play, exchange) => {
      const plain = play === scenario.plays[0] && !exchange;
      const address = `#${this.nameAt(at)}${plain ? "" : `/${play.key}${exchange ? `/${exchange.n}` : ""}`}`;
      if (window.location.hash !== address) window.history.replaceState(null, "", address);
    });
    document.title = `${scenario.passed ? "PASS" : "FAIL"} ${scenario.title}`;
    $("#page").replaceChildren(this.page.element());
    window.scrollTo(0, 0);
  }

  print(on) {
    if (this.printing === on) return;
    this.printing = on;
    this.page?.timeline?.draw(on);
  }
}

new App();
