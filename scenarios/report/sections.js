// Everything of a play beside its timeline.

function failuresOf(scenario, show) {
  const failures = scenario.plays.flatMap((play) =>
    play.failures.map((failure) => ({ play, failure })),
  );
  if (failures.length === 0) return null;
  return h(
    "section",
    { class: "card failures", "aria-label": "What did not hold" },
    h("h2", null, `${plural(failures.length, "expectation")} did not hold`),
    h(
      "ul",
      null,
      failures.map(({ play, failure }) =>
        h(
          "li",
          null,
          h(
            "p",
            { class: "place" },
            `${scenario.file}:${failure.line}`,
            ` \u00b7 ${failure.step === "" ? "the whole run" : failure.step}`,
            play.key === "run" ? "" : ` \u00b7 ${play.label.toLowerCase()}`,
          ),
          h(
            "dl",
            null,
            h("dt", null, "expected"),
            h("dd", null, failure.expected),
            h("dt", null, "found"),
            h("dd", null, failure.found),
          ),
          failure.at === undefined
            ? null
            : h(
                "button",
                { type: "button", onclick: () => show(play, failure.at) },
                "Show the exchange",
              ),
        ),
      ),
    ),
    h(
      "p",
      null,
      "Again: ",
      h("code", null, `drydock replay ${scenario.file} --seed ${scenario.seed}`),
    ),
  );
}

// Publishes and other steps, each with its parts and what it printed.
function stepsOf(play, goTo) {
  return h(
    "section",
    { class: "card steps", "aria-label": "Steps" },
    h("h2", null, "Steps"),
    h(
      "ol",
      null,
      play.steps.map((step) => {
        if (!step.verdict && step.end - step.first <= 2 && !step.findings && !step.output) {
          return h(
            "li",
            { class: "quiet" },
            h("span", null, `\u22ef ${step.name}: ${step.reason ?? ""}`),
          );
        }
        const took = duration(step.ended - step.began);
        const more = [partsOf(step), findingsOf(step), outputOf(step)].filter(
          (each) => each !== null,
        );
        const head = [
          step.verdict
            ? outcome(step.shipped, step.verdict)
            : h("span", { class: "outcome" }, "\u00b7"),
          h("b", null, step.name),
          h(
            "span",
            { class: "when" },
            `${day(play, step.began)} ${clock(play, step.began)}, took ${took}`,
          ),
          h("span", { class: "reason" }, step.reason ?? ""),
        ];
        const button = h(
          "button",
          {
            type: "button",
            class: "go",
            "aria-label": `Show ${step.name} on the timeline`,
            title: "Show on the timeline",
            onclick: () => goTo(step),
          },
          "\u2193",
        );
        return h(
          "li",
          null,
          more.length === 0
            ? h("div", { class: "head" }, head)
            : h("details", null, h("summary", { class: "head" }, head), more),
          button,
        );
      }),
    ),
  );
}

function partsOf(step) {
  if (!step.parts) return null;
  return table(
    `Parts of ${step.name}`,
    ["part", "outcome", "detail"],
    step.parts.map(([part, ended, detail]) => [
      part,
      { class: `part ${ended}`, of: ended },
      detail,
    ]),
  );
}

function findingsOf(step) {
  if (!step.findings) return null;
  return h(
    "dl",
    { class: "findings" },
    step.findings.map(([field, text]) => [
      h("dt", null, field),
      h("dd", null, field === "upstream" ? h("pre", { tabindex: "0" }, text) : text),
    ]),
  );
}

function outputOf(step) {
  if (!step.output) return null;
  return h(
    "pre",
    { class: "output", tabindex: "0", "aria-label": `Output of ${step.name}` },
    step.output,
  );
}

function expectationsOf(scenario, play, show) {
  if (play.seen.length === 0) return null;
  const failed = play.seen.filter((each) => !each.holds).length;
  const script = play.key === "script";  // of it nothing is demanded: it is compared
  const unmet = script ? "does worse" : "failed";
  const rows = [];
  let last = null;
  for (const seen of play.seen) {
    if (seen.step !== last) {
      last = seen.step;
      rows.push(
        h(
          "tr",
          { class: "group" },
          h("th", { colspan: "4", scope: "rowgroup" }, last === "" ? "the whole run" : last),
        ),
      );
    }
    const line =
      seen.at === undefined || seen.holds
        ? String(seen.line)
        : h("button", { type: "button", onclick: () => show(play, seen.at) }, "show");
    rows.push(
      h(
        "tr",
        { class: seen.holds || script ? null : "failed" },
        h("td", null, outcome(seen.holds, seen.holds ? "held" : unmet)),
        h("td", null, seen.expected),
        h("td", null, seen.found),
        h("td", { class: "number" }, line),
      ),
    );
  }
  return h(
    "section",
    { class: "card expectations", "aria-label": "Expectations" },
    h(
      "h2",
      null,
      "Expectations ",
      h(
        "small",
        null,
        failed === 0
          ? `all ${play.seen.length} held`
          : `${failed} of ${play.seen.length} ${unmet}`,
      ),
    ),
    table(
      "What was expected and what was seen",
      ["result", "expected", "seen", { class: "number", of: "line" }],
      rows,
    ),
  );
}

function faultsOf(play, show) {
  if (play.faults.length === 0) return null;
  const first = (rule) => play.events.find((event) => event.k === "fault" && event.rule === rule);
  return h(
    "section",
    { class: "card faults", "aria-label": "Faults" },
    h(
      "h2",
      null,
      "Faults ",
      h("small", null, "how often each rule was asked, fit, acted, was noticed"),
    ),
    table(
      "Fault rules",
      [
        "rule",
        ...["offered", "matched", "fired", "seen"].map((head) => ({ class: "number", of: head })),
        "first",
      ],
      play.faults.map(([rule, offered, matched, fired, seen]) => {
        const event = first(rule);
        return [
          h("b", null, "\u26a1 ", rule),
          ...[offered, matched, fired, seen].map((count) => ({
            class: count === 0 ? "number zero" : "number",
            of: String(count),
          })),
          event
            ? h(
                "button",
                {
                  type: "button",
                  "aria-label": `Show the first ${rule}`,
                  onclick: () => show(play, play.byOrdinal.get(event.exchange)?.n),
                },
                "show",
              )
            : "never",
        ];
      }),
    ),
  );
}

// What a reader would be told of the play: moves of tags, faults, refusals, waits, notes.
function logOf(scenario, play, show) {
  const rows = [];
  let date = "";
  const add = (event, text, kind, at) => {
    if (day(play, event.t) !== date) {
      date = day(play, event.t);
      rows.push(h("tr", { class: "group" }, h("th", { colspan: "3", scope: "rowgroup" }, date)));
    }
    rows.push(
      h(
        "tr",
        { class: kind },
        h("td", null, clock(play, event.t)),
        h("td", null, event.a),
        h(
          "td",
          null,
          at === undefined
            ? text
            : h("button", { type: "button", class: "link", onclick: () => show(play, at) }, text),
        ),
      ),
    );
  };
  for (const event of play.events) {
    if (event.k === "exchange" && !isUsual(event, scenario.headers)) {
      const rules = event.faults.map((fault) => `\u26a1 ${fault.rule} \u00b7 `).join("");
      add(
        event,
        `${rules}${event.lane}: ${whatItAsked(event)} \u2192 ${event.answer}`,
        kindOf(event),
        event.n,
      );
    } else if (event.k === "tag") {
      add(
        event,
        `tag ${event.tag} is ${event.to ? `now ${bare(event.to)}` : "gone"}` +
          (event.from ? `, was ${bare(event.from)}` : ""),
        "moved",
      );
    } else if (event.k === "wait") {
      add(event, `waits ${duration(event.span)}: ${event.reason}`, "wait");
    } else if (event.k === "note") {
      add(event, event.text, "note");
    } else if (event.k === "end" && event.a === "scenario" && event.outcome) {
      add(event, `${event.step}: ${event.outcome}`, "ended");
    }
  }
  if (rows.length === 0) return null;
  return h(
    "section",
    { class: "card log", "aria-label": "Log" },
    h("h2", null, "Log ", h("small", null, "faults, refusals, moved tags and waits, in order")),
    table("Log", ["time", "who", "what"], rows),
  );
}
