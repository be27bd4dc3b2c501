#include "simulator/faults/effect_docs.h"

#include "core/text.h"
#include "simulator/faults/effect_kind.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kSame = "as on sockets";

constexpr std::string_view kBegin = R"(# Effects of fault rules

Made from the code (`simulator/faults/effect_docs.cc`); a test fails when it is not up to date. The
grammar of rules, with all that stands around an effect, is [fault-format.md](fault-format.md).

"Faithful" is said of what a client can tell: on real sockets (`drydock serve`) of any client, in
process (`drydock replay`) of drydock's own and of the models of others. Every example is a file for
`drydock serve --faults`; its array can stand in a scenario as it is. A test loads and plays each.
)";

std::vector<EffectDoc> AnswerDocs() {
  return {
      {"reply",
       "P1",
       "This answer instead of the work.",
       {{"status", "200 to 599"},
        {"reason, headers", "if wanted"},
        {"page, text, error (with message)", "at most one body"}},
       kSame,
       "any answer, byte for byte",
       R"({ "faults": [
  { "name": "edge-400",
    "when": { "operation": "manifest.put" },
    "do": { "reply": { "status": 400, "page": "hub-edge" } },
    "times": 1 } ] })"},
      {"edit-reply",
       "P2",
       "The work is done, then the answer is changed.",
       {{"status, reason", "other ones"}, {"drop, set, add", "header fields"}},
       kSame,
       "any field, also those HTTP needs",
       R"({ "faults": [
  { "name": "no-location",
    "when": { "operation": "manifest.put", "status": 201 },
    "do": { "edit-reply": { "drop": "Location" } } } ] })"},
      {"early-reply",
       "P7",
       "The answer of a reply, before the request's body was read.",
       {{"members of reply", "the answer"},
        {"then", "drain, stop or close: what becomes of the rest"},
        {"after-bytes", "so much of the body is read before"}},
       "of a client that looks for an answer when all is sent: close with something left to send "
       "costs it the answer, and so does stop with more than 256 KiB left",
       "the answer leaves while the client sends; stop reads nothing more, close is an RST",
       R"({ "faults": [
  { "name": "too-large",
    "when": { "operation": "manifest.put" },
    "do": { "early-reply": { "status": 413, "page": "nginx", "then": "drain" }, "after-bytes": 2 } } ] })"},
      {"raw-reply",
       "P3",
       "Exactly these bytes, and then the connection ends.",
       {{"(a text)", "the bytes, status line and all"}},
       "read as drydock's own client reads: a line of the head may end in a bare LF, and one "
       "without "
       "a colon is passed over; a head that does not end is no HTTP to it",
       "the bytes as they are, and a FIN",
       R"({ "faults": [
  { "name": "abuse-429",
    "when": { "operation": "manifest.get" },
    "do": { "raw-reply": "HTTP/1.1 429 Too Many Requests\nConnection: close\n\nslow down\n" } } ] })"},
      {"redirect",
       "P9",
       "The answer is said to be somewhere else.",
       {{"status", "301, 302, 303, 307 or 308"},
        {"to",
         "absolute, relative, other-scheme, {\"host\": HOST} or {\"port\": PORT}: what the "
         "Location "
         "has in place of the request's own; path and query stay"},
        {"hops",
         "so many redirects to whoever follows them, then the rule is about that request no more "
         "(1); \"endless\": a loop. The Location counts them in its query, as `drydock-hop`"}},
       kSame,
       "any status and Location",
       R"({ "faults": [
  { "name": "moved",
    "when": { "operation": "manifest.get" },
    "do": { "redirect": { "status": 307, "to": "other-scheme" } } } ] })"},
      {"bytes",
       "P17",
       "Content is changed on its way out (what is served) or, at request-body, on its way in "
       "(what is stored).",
       {{"flip", "all bits of this byte; \"all\": of every byte"},
        {"truncate", "the content ends after so many bytes; Content-Length says so too"},
        {"coded", "gzip: the answer's body really is, before it is damaged"},
        {"encoding", "a Content-Encoding the answer claims, whether or not it is coded"},
        {"stored", "true: what was just taken in, as what it was sent for, is kept like that"}},
       kSame,
       "the changed bytes in sound framing",
       R"({ "faults": [
  { "name": "truncated-manifest",
    "when": { "operation": "manifest.get", "status": 200 },
    "do": { "bytes": { "truncate": 4 } } } ] })"},
  };
}

std::vector<EffectDoc> ConnectionDocs() {
  return {
      {"cut",
       "P6",
       "The connection ends.",
       {{"rst or fin", "how"},
        {"at", "where, and with it whether the work is done"},
        {"after-bytes",
         "within a body, or at session-body within the upload session, whichever request brings "
         "it; \"all\": only the end of the body is missing (the final chunk)"}},
       "an error, ambiguous; within a body after exactly so many bytes",
       "an RST is an RST, a FIN a FIN, exactly so many bytes were sent before",
       R"({ "faults": [
  { "name": "answer-lost",
    "when": { "operation": "manifest.put" },
    "do": { "cut": "rst", "at": "response-head" } } ] })"},
      {"connect-fault",
       "P8",
       "There is no connection to ask on, or it ends in a way of HTTP/2.",
       {{"lookup-error, refused", "at once"},
        {"no-answer, tls-silent", "after the client's 10 s for a connection"},
        {"reset", "an RST where the server's first byte would be; at `tls` once the name is known"},
        {"silent", "the connection is there, and nothing ever comes"},
        {"{\"tls-alert\": NAME}",
         "handshake_failure, access_denied, protocol_version, insufficient_security, "
         "internal_error or unrecognized_name"},
        {"wrong-name, expired, untrusted", "of the certificate; the client refuses it"},
        {"{\"goaway\": CODE}",
         "no stream above the last known one; was not processed, or at response-head was"},
        {"{\"stream-reset\": CODE}", "REFUSED_STREAM: was not processed"}},
       "an error of the same kind as from a real network; every exchange counts as one that opens "
       "a "
       "connection, and rules of `tls` are about https alone",
       "once a connection, when it is opened, so `when` takes what is known then: `address`, "
       "`connection`, `from`, `until`, `since` without `same`, and at `tls` (with --tls) `host`, "
       "the "
       "name of the handshake without a port. \"refused\" is the one that is not quite honest: the "
       "machine of a server that listens has taken the connection already, so the client sees an "
       "RST right after it (as of \"reset\") and no refused SYN. **Not possible**: lookup-error, "
       "no-answer, goaway, stream-reset; such a rule is refused when it is loaded",
       R"({ "faults": [
  { "name": "name-lost",
    "when": { "host": "registry-1.docker.io" },
    "do": { "connect-fault": "lookup-error" },
    "times": { "first": 2 } } ] })"},
      {"throttle",
       "P5",
       "Bytes pass at a rate, each way by itself.",
       {{"up, down", "bytes a second of virtual time"}, {"burst", "so many pass at once first"}},
       "in virtual time, against the client's deadline",
       "in the world's time, in portions of an eighth of a second; what the machines between hold "
       "is sent ahead",
       R"({ "faults": [
  { "name": "slow-link",
    "when": { "operation": "manifest.*" },
    "do": { "throttle": { "up": 1000, "down": 1000 } } } ] })"},
      {"hold",
       "P4",
       "The exchange stops for a time, for ever or until another one is answered. May stand beside "
       "another effect, and comes before it.",
       {{"\"30s\", \"forever\"", "how long"},
        {"{\"until\": …, \"at-most\": …}", "until such an exchange is answered"},
        {"at, after-bytes", "where"}},
       "in virtual time; the client's deadline ends it",
       "in the world's time; the end of the connection ends it",
       R"({ "faults": [
  { "name": "slow-commit",
    "when": { "operation": "manifest.put" },
    "do": { "hold": "70s", "at": "response-head" } } ] })"},
      {"commit",
       "P10",
       "What becomes of the work, apart from what the client is told by the reply or cut beside "
       "it.",
       {{"apply, none", "done, or not"},
        {"{\"after\": TIME}", "done so much later"},
        {"{\"bytes\": N}", "done with the first N bytes alone"}},
       kSame,
       "any of them",
       R"({ "faults": [
  { "name": "done-and-denied",
    "when": { "operation": "manifest.put" },
    "do": { "commit": "apply", "reply": { "status": 504, "page": "nginx" } } } ] })"},
  };
}

std::vector<EffectDoc> RegistryDocs() {
  return {
      {"policy",
       "P12, P13, P15",
       "How the registry and its token service are while the rule matches: what they accept, how "
       "upload sessions and tokens behave.",
       {{"(a trait)", "its value; fault-format.md lists them all"}},
       kSame,
       "the registry is the same one",
       R"({ "faults": [
  { "name": "read-only",
    "when": { "operation": "manifest.put" },
    "do": { "policy": { "read-only": "DENIED" } } } ] })"},
      {"read-view",
       "P11",
       "Reads see something else than what is there.",
       {{"lag, replication", "what was there so long ago; a replica knows what it got itself"},
        {"previous", "what the reference named before its latest change"},
        {"miss-cache, hit-cache, per-accept", "an earlier answer stays for a time"},
        {"truncate", "so many bytes of a manifest or blob"}},
       kSame,
       "the registry is the same one",
       R"({ "faults": [
  { "name": "cut-short",
    "when": { "operation": "manifest.get" },
    "do": { "read-view": { "truncate": 8 } } } ] })"},
      {"bucket",
       "P14",
       "A rate limiter in front of the server.",
       {{"by", "account, address or host"},
        {"size, refill, every", "how much there is, and how much comes back when"},
        {"cost", "of operations; others cost 1"},
        {"headers", "none, docker or reset: how what is left is shown"},
        {"reply, retry-after", "the refusal, and how it says when to come back"}},
       kSame,
       "the limiter is the same one",
       R"({ "faults": [
  { "name": "one-an-hour",
    "do": { "bucket": { "size": 1, "every": "1h" } } } ] })"},
      {"actor",
       "P16",
       "Another party acts on the registry, at an event or at a time.",
       {{"does",
         "a list of deeds: tag, put-manifest, put-blob, delete, delete-blob, spoil, collect, "
         "policy, "
         "uploads, tokens, arm, disarm"},
        {"as", "who moved a tag, in the journal"},
        {"after", "so much later"}},
       kSame,
       "the registry is the same one",
       R"({ "faults": [
  { "name": "janitor",
    "when": { "operation": "manifest.put", "status": 201 },
    "do": { "actor": { "does": [ { "delete": "{reference}" } ] } },
    "times": 1 } ] })"},
  };
}

std::string Phases(const EffectKind& kind) {
  std::vector<std::string> names;
  for (const Phase phase : kind.phases) {
    names.push_back(Concat({"`", Name(phase), "`"}));
  }
  if (names.empty()) {
    return "where the effect beside it does";
  }
  return Concat({Join(names, ", "), kind.must_say_phase || names.size() == 1
                                        ? ""
                                        : " (the first unless `at` says otherwise)"});
}

}  // namespace

const std::vector<EffectDoc>& EffectDocs() {
  static const std::vector<EffectDoc> docs = [] {
    std::vector<EffectDoc> all = AnswerDocs();
    for (auto* more : {ConnectionDocs, RegistryDocs}) {
      for (EffectDoc& doc : more()) {
        all.push_back(std::move(doc));
      }
    }
    return all;
  }();
  return docs;
}

std::string FaultsDocument() {
  std::string text(kBegin);
  for (const EffectDoc& doc : EffectDocs()) {
    text += Concat({"\n## ", doc.effect, "\n\n", doc.does, " (", doc.number, ")\n\n"});
    for (const EffectKind& kind : EffectKinds()) {
      if (kind.name == doc.effect) {
        text += Concat({"Acts at: ", Phases(kind), ".\n\n"});
      }
    }
    text += "| parameter | meaning |\n|---|---|\n";
    for (const auto& [name, meaning] : doc.parameters) {
      text += Concat({"| `", name, "` | ", meaning, " |\n"});
    }
    text += Concat({"\n- **On sockets**: ", doc.on_sockets, ".\n- **In process**: ", doc.in_process,
                    ".\n\n```jsonc\n", doc.example, "\n```\n"});
  }
  return text;
}

}  // namespace drydock::simulator
