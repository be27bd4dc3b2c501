// The board: steps, publishers, servers and tags as rows over one axis of virtual time.

const TICK_PX = 64;
const DATED_TICK_PX = 104;

class Board {
  // `view` is the timeline whose axis, width and visible exchanges are drawn.
  constructor(view, label) {
    this.view = view;
    this.label = label;
  }

  element() {
    return h(
      "div",
      {
        class: "board",
        style: {
          "--u": `${this.view.width}px`,
          "--total": this.view.axis.total,
          "--label": `${this.label}px`,
        },
      },
      this.gaps(),
      this.times(),
      this.steps(),
      this.publishers(),
      this.servers(),
      this.tags(),
    );
  }

  row(kind, label, title, ...content) {
    return h(
      "div",
      { class: `row ${kind}` },
      h("div", { class: "label", title }, label),
      h("div", { class: "track" }, ...content),
    );
  }

  gaps() {
    return h(
      "div",
      { class: "gaps", "aria-hidden": "true" },
      this.view.axis.gaps
        .filter((gap) => gap.to - gap.from >= MICROS)
        .map((gap) => h("i", { style: { "--x": gap.x, "--w": gap.width } })),
    );
  }

  times() {
    const { play } = this.view;
    const isNews = (t, before) => before === null || day(play, t) !== day(play, before);
    const ticks = ticksOf(
      this.view.axis,
      (t, before) => (isNews(t, before) ? DATED_TICK_PX : TICK_PX) / this.view.width,
    );
    return this.row(
      "times",
      "virtual time",
      null,
      ticks.map(({ t, x }, at) => {
        const news = isNews(t, at === 0 ? null : ticks[at - 1].t);
        return h(
          "time",
          { datetime: moment(play, t), style: { "--x": x } },
          clock(play, t),
          news ? h("b", null, day(play, t).slice(5)) : null,
        );
      }),
      this.view.axis.gaps
        .filter((gap) => gap.to - gap.from >= MICROS && gap.width * this.view.width > 26)
        .map((gap) =>
          h("em", { style: { "--x": gap.x, "--w": gap.width } }, duration(gap.to - gap.from)),
        ),
    );
  }

  steps() {
    return this.row(
      "steps",
      "step",
      null,
      this.view.axis.steps.map(({ name, x, end, step }) => {
        const state = !step?.verdict ? "quiet" : step.shipped ? "good" : "bad";
        return h(
          "div",
          {
            class: `step ${state}`,
            title: `${name}: ${step?.verdict ?? step?.reason ?? ""}`,
            style: { "--x": x, "--w": end - x },
          },
          h("span", null, state === "good" ? "\u2713 " : state === "bad" ? "\u2717 " : "", name),
        );
      }),
    );
  }

  publishers() {
    return this.view.actors.map((actor, index) => {
      const bars = [];
      const open = new Map();
      let since = null; // the first that the actor did after its last part, which may tell no begin
      for (const event of this.view.play.events.filter((each) => each.a === actor)) {
        const x = this.view.axis.x.get(event.n);
        since ??= x;
        if (event.k === "begin") {
          open.set(event.step, x);
        } else if (
          event.k === "end" &&
          event.outcome !== "skipped" &&
          event.outcome !== "not-reached"
        ) {
          const within = this.view.axis.steps.find((step) => step.x <= x && x <= step.end);
          const from = open.get(event.step) ?? Math.max(since, within ? within.x + 0.5 : 0);
          open.delete(event.step);
          since = null;
          bars.push(
            this.bar(
              event.outcome === "failed" ? "failed" : "ran",
              from,
              x,
              event.step,
              `${event.step} ${event.outcome ?? ""}: ${event.detail ?? ""}`,
            ),
          );
        } else if (event.k === "wait") {
          bars.push(
            this.bar(
              "wait",
              x,
              placeOf(this.view.axis, event.t + event.span),
              duration(event.span),
              `waits ${duration(event.span)}: ${event.reason}`,
            ),
          );
        } else if (event.k === "note") {
          bars.push(this.bar("note", x, x + 0.8, "", event.text));
        }
      }
      return this.row(
        "publisher",
        [h("small", null, index === 0 ? "publisher " : ""), actor],
        actor,
        bars,
      );
    });
  }

  bar(kind, from, to, label, title) {
    const width = Math.max(to - from, 0.7);
    return h(
      "div",
      { class: `bar ${kind}`, title, style: { "--x": from, "--w": width } },
      width * this.view.width > 24 ? h("span", null, label) : null,
    );
  }

  servers() {
    const rows = this.view.lanes.filter((lane) => !this.view.hiddenLanes.has(lane));
    return rows.map((lane, index) =>
      this.row(
        "server",
        lane,
        lane,
        h(
          "div",
          { class: "marks", role: "group", "aria-label": `Exchanges with ${lane}` },
          this.view.visible
            .filter((each) => each.lane === lane)
            .map((exchange) =>
              this.mark(
                exchange,
                this.view.actors.length - this.view.actors.indexOf(exchange.a) + index,
              ),
            ),
        ),
      ),
    );
  }

  mark(exchange, rows) {
    const usual = isUsual(exchange, this.view.scenario.headers);
    const kind = kindOf(exchange);
    const classes = [
      "mark",
      kind,
      usual && kind !== "ok" ? "usual" : "",
      exchange.faults.length > 0 ? "faulted" : "",
      isTagPut(exchange) && kind === "ok" ? "tag" : "",
    ];
    return h(
      "button",
      {
        type: "button",
        class: classes.join(" "),
        "data-n": exchange.n,
        tabindex: "-1",
        "aria-label": sentence(this.view.play, exchange),
        "aria-pressed": "false",
        style: { "--x": this.view.axis.x.get(exchange.n), "--rows": rows },
        onclick: () => this.view.choose(exchange),
        onpointerenter: (event) => this.view.showTip(event.currentTarget, exchange),
        onpointerleave: () => (this.view.tip.hidden = true),
      },
      exchange.faults.length > 0 ? h("i", { class: "bolt" }) : null,
    );
  }

  tags() {
    const histories = tagHistory(this.view.play, this.view.axis);
    const moved = histories.filter((history) => history.moved);
    const still = histories.length - moved.length;
    if (histories.length === 0) return [];
    const hues = new Map();
    const hueOf = (digest) => {
      if (!hues.has(digest)) hues.set(digest, (hues.size * 137.5 + 205) % 360);
      return hues.get(digest);
    };
    const repositories = new Set(moved.map((history) => history.tag.split(":")[0]));
    const nameOf = (tag) =>
      repositories.size === 1
        ? tag.slice(tag.indexOf(":") + 1)
        : tag.slice(tag.lastIndexOf("/") + 1);
    return [
      this.row(
        "heading",
        "tags",
        null,
        h(
          "span",
          null,
          moved.length === 0
            ? `none of ${still} moved`
            : still === 0
              ? ""
              : `${still} more did not move`,
        ),
      ),
      ...moved.map((history) =>
        this.row(
          "tag",
          nameOf(history.tag),
          history.tag,
          history.spans.map((span) => {
            const width = span.end - span.x;
            const label = width * this.view.width > 52 ? bare(span.digest).slice(0, 7) : "";
            const title = `${history.tag} is ${span.digest}`;
            return h(
              "div",
              {
                class: "span",
                title,
                style: { "--x": span.x, "--w": width, "--h": hueOf(span.digest) },
              },
              h("span", null, label),
            );
          }),
        ),
      ),
    ];
  }
}
