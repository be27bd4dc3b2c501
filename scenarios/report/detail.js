// The drawer: one exchange with all the journal has of it.

class Detail {
  // `step(direction)` shows a neighbour, `close()` ends it.
  constructor(scenario, { step, close }) {
    this.scenario = scenario;
    this.step = step;
    this.close = close;
    this.element = h("aside", { class: "detail", "aria-label": "Exchange", hidden: true });
  }

  show(play, exchange, exchanges) {
    this.element.hidden = exchange === null;
    document.body.classList.toggle("with-detail", exchange !== null);
    if (exchange === null) return;
    const at = exchanges.indexOf(exchange);
    this.element.replaceChildren(
      h(
        "header",
        null,
        h("h2", null, whatItAsked(exchange)),
        h(
          "div",
          { class: "buttons" },
          this.button("Previous exchange", "\u2190", at === 0, () => this.step(-1)),
          this.button("Next exchange", "\u2192", at === exchanges.length - 1, () => this.step(1)),
          this.button("Close (Esc)", "\u2715", false, () => this.close()),
        ),
      ),
      h(
        "p",
        { class: "where" },
        `${exchange.a} \u2192 ${exchange.lane} \u00b7 `,
        h("time", null, moment(play, exchange.t).replace("T", " ").replace(".000Z", "Z")),
        ` \u00b7 ${at + 1} of ${exchanges.length}`,
      ),
      ...exchange.faults.map((fault) => this.fault(fault)),
      this.message(
        "Request",
        [h("b", null, exchange.method), " ", exchange.url],
        exchange.q,
        exchange.sent,
        null,
      ),
      exchange.status === 0
        ? h(
            "section",
            null,
            h("h3", null, "Response"),
            h("p", { class: "lost" }, `no answer: ${exchange.lost}`),
          )
        : this.message(
            "Response",
            [
              h("b", { class: `status ${kindOf(exchange)}` }, `${exchange.status}`),
              ` ${exchange.reason ?? ""}`,
              exchange.lost ? h("span", { class: "lost" }, ` cut off: ${exchange.lost}`) : null,
            ],
            exchange.r,
            exchange.got,
            exchange.body,
          ),
    );
    this.element.scrollTop = 0;
  }

  button(label, sign, disabled, onclick) {
    return h(
      "button",
      { type: "button", "aria-label": label, title: label, disabled, onclick },
      sign,
    );
  }

  fault(fault) {
    return h(
      "div",
      { class: "fault-box" },
      h("b", null, "\u26a1 ", fault.rule),
      ` did: ${fault.effect}`,
      h("small", null, ` at ${fault.phase}${fault.key ? `, counted for ${fault.key}` : ""}`),
    );
  }

  message(name, line, numbers, length, body) {
    const fields = numbers.map((number) => this.scenario.headers[number]);
    return h(
      "section",
      null,
      h("h3", null, name, h("small", null, length > 0 ? ` ${bytes(length)} of body` : "")),
      h("p", { class: "line" }, line),
      h(
        "dl",
        null,
        fields.map(([key, value]) => [h("dt", null, key), h("dd", null, value)]),
      ),
      body === null || body === undefined
        ? null
        : h(
            "pre",
            { tabindex: "0", "aria-label": "Beginning of the body" },
            this.scenario.bodies[body],
          ),
    );
  }
}
