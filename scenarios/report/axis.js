// Where things stand. Exchanges of one virtual moment stand side by side in their order; time in
// which nothing happened takes room by the logarithm of its length, so that a second can be seen
// and a day does not push everything else away. One unit is the room of one exchange.

const STEP_LEAST = 4; // so that a step's name has room

function gapUnits(micros) {
  const seconds = micros / MICROS;
  return seconds < 1 ? 1 : Math.min(14, 3 + 2.3 * Math.log10(seconds));
}

// `shows(exchange)`: whether it takes room. Positions are in units.
function layOut(play, shows) {
  const axis = { total: 0, x: new Map(), gaps: [], steps: [], moments: [] };
  let x = 0.5;
  let now = 0;
  let open = null;
  axis.moments.push({ t: 0, x });
  for (const event of play.events) {
    if (event.t > now) {
      const width = gapUnits(event.t - now);
      axis.gaps.push({ x, width, from: now, to: event.t });
      axis.moments.push({ t: now, x }, { t: event.t, x: x + width });
      x += width;
      now = event.t;
    }
    axis.x.set(event.n, x);
    if (event.k === "exchange" && shows(event)) {
      x += 1;
    } else if (event.a === "scenario" && event.k === "begin") {
      open = { name: event.step, x };
      x += 0.5;
    } else if (event.a === "scenario" && event.k === "end" && open !== null) {
      x = Math.max(x + 0.5, open.x + STEP_LEAST);
      axis.steps.push({
        ...open,
        end: x,
        step: play.steps.find((step) => step.name === open.name),
      });
      x += 0.5;
      open = null;
    }
  }
  axis.moments.push({ t: now, x });
  axis.total = x + 0.5;
  return axis;
}

// Where a moment is, also one inside a gap.
function placeOf(axis, t) {
  const next = axis.moments.findIndex((moment) => moment.t >= t);
  if (next < 0) return axis.moments.at(-1).x;
  const right = axis.moments[next];
  const left = axis.moments[Math.max(0, next - 1)];
  if (right.t === t || right.t === left.t) return right.x;
  return left.x + ((t - left.t) / (right.t - left.t)) * (right.x - left.x);
}

// Times to write above the lanes; `room(t, before)` is what the text of one takes, in units, when
// `before` was written last (or nothing, when it is null).
function ticksOf(axis, room) {
  const ticks = [];
  let free = 0;
  for (const { t, x } of axis.moments) {
    const last = ticks.at(-1) ?? null;
    if (x < free || (last !== null && last.t === t)) continue;
    free = x + room(t, last === null ? null : last.t);
    ticks.push({ t, x });
  }
  return ticks;
}

// Which digest each tag had from where to where: [{tag, spans: [{digest, x, end, n}], moved}].
function tagHistory(play, axis) {
  const histories = new Map();
  const historyOf = (tag) => {
    if (!histories.has(tag)) histories.set(tag, { tag, spans: [], moved: false });
    return histories.get(tag);
  };
  for (const event of play.events.filter((each) => each.k === "tag")) {
    const history = historyOf(event.tag);
    const x = axis.x.get(event.n);
    if (history.spans.length === 0 && event.from) {
      history.spans.push({ digest: event.from, x: 0, n: null });
    }
    if (history.spans.length > 0) history.spans.at(-1).end = x;
    if (event.to) history.spans.push({ digest: event.to, x, n: event.n });
    history.moved = true;
  }
  for (const [tag, digest] of Object.entries(play.tags)) {
    const history = historyOf(tag);
    if (!history.moved) history.spans.push({ digest, x: 0, n: null });
  }
  for (const history of histories.values()) {
    const last = history.spans.at(-1);
    if (last && last.end === undefined) last.end = axis.total;
  }
  return [...histories.values()].sort((a, b) => b.moved - a.moved || (a.tag < b.tag ? -1 : 1));
}
