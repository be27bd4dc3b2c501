// Words: times, sizes, and what an exchange is to a reader.

const MICROS = 1e6;

function duration(micros) {
  if (micros < 1000 * 1000) return `${Math.round(micros / 1000)}ms`;
  const seconds = micros / MICROS;
  if (seconds < 60) return `${Number(seconds.toFixed(1))}s`;
  const parts = [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ];
  let left = Math.round(seconds);
  const words = [];
  for (const [unit, size] of parts) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) words.push(`${count}${unit}`);
  }
  return words.slice(0, 2).join(" ");
}

function moment(play, micros) {
  return new Date(Date.parse(play.origin) + micros / 1000).toISOString();
}
const clock = (play, micros) => moment(play, micros).slice(11, 19);
const day = (play, micros) => moment(play, micros).slice(0, 10);

function bytes(count) {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ]) {
    if (count >= size) return `${(count / size).toFixed(1)} ${unit}`;
  }
  return `${count} B`;
}

const plural = (count, one, many) => `${count} ${count === 1 ? one : (many ?? `${one}s`)}`;
const bare = (digest) => digest.replace(/^sha(256|512):/, "").slice(0, 12);

// "ok", "4xx", "5xx" or "lost": what the filters and the marks tell apart.
function kindOf(exchange) {
  if (exchange.status === 0 || exchange.lost) return "lost";
  if (exchange.status >= 500) return "5xx";
  return exchange.status >= 400 ? "4xx" : "ok";
}

// Refusals that belong to every publish: the challenge that opens a token dance, and "not there" to
// a question. A fault makes them news.
function isUsual(exchange, headers) {
  if (kindOf(exchange) === "ok") return true;
  if (exchange.faults.length > 0 || kindOf(exchange) === "lost") return false;
  const asks = exchange.method === "GET" || exchange.method === "HEAD";
  const authorized = exchange.q.some((at) => headers[at][0].toLowerCase() === "authorization");
  return (exchange.status === 401 && !authorized) || (exchange.status === 404 && asks);
}

const isTagPut = (exchange) =>
  exchange.operation === "manifest.put" && !(exchange.reference ?? "").includes(":");

const whatItAsked = (exchange) => `${exchange.method} ${exchange.about}`;

function sentence(play, exchange) {
  const rules = exchange.faults.map((fault) => fault.rule).join(", ");
  return (
    `${clock(play, exchange.t)} ${exchange.a} \u2192 ${exchange.lane}: ` +
    `${whatItAsked(exchange)}, ${rules === "" ? "" : `\u26a1 ${rules}, `}${exchange.answer}`
  );
}
