// Fault rules from captured failures.
#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/journal.h"
#include "core/json.h"
#include "core/text.h"
#include "scenarios/authoring/captured.h"
#include "simulator/faults/effects.h"

namespace drydock::scenarios::importing {
namespace {

using Json = nlohmann::ordered_json;

// Fields that tell a client what to do about a failure; all others are as any answer's.
constexpr std::array<std::string_view, 12> kTellingFields = {
    "Retry-After",       "X-Retry-After",
    "WWW-Authenticate",  "Location",
    "Content-Type",      "Range",
    "RateLimit-Limit",   "RateLimit-Remaining",
    "X-RateLimit-Limit", "X-RateLimit-Remaining",
    "X-RateLimit-Reset", "Docker-Upload-UUID"};
constexpr std::size_t kRulesMax = 200;
constexpr int kStatusLeast = 200;  // that a rule may answer
constexpr int kStatusMost = 599;

std::string Clean(const std::string& text) {
  // What is no UTF-8 has no place in JSON.
  return nlohmann::json::parse(
             nlohmann::json(text).dump(-1, ' ', false, Json::error_handler_t::replace), nullptr,
             false)
      .get<std::string>();
}

// As a header field or a reason phrase may stand: nothing that would break out of its line.
std::string CleanLine(std::string_view text) {
  std::string line = Clean(std::string(text));
  std::erase_if(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  return line;
}

// {"errors": [{"code": …, "message": …}]}; false when the body is something else.
bool ReadErrorBody(const std::string& body, Json& reply) {
  const auto parsed = json::Parse(body, "body");
  const json::Value* error = parsed ? parsed->At("/errors/0") : nullptr;
  if (error == nullptr || error->Text("code").empty()) {
    return false;
  }
  reply["error"] = std::string(error->Text("code"));
  if (!error->Text("message").empty()) {
    reply["message"] = RedactedText(error->Text("message"));
  }
  return true;
}

void PutHeaders(const CapturedExchange& exchange, bool text, Json& reply) {
  const Headers redacted = Redacted(exchange.headers);
  Json headers = Json::object();
  for (const std::string_view name : kTellingFields) {
    const bool type = name == "Content-Type";
    if (redacted.Has(name) && (!type || text)) {
      headers[std::string(name)] = CleanLine(redacted.Get(name));
    }
  }
  if (!headers.empty()) {
    reply["headers"] = std::move(headers);
  }
}

// The page drydock knows by name that this body is; "" for none.
std::string PageOf(const CapturedExchange& exchange) {
  for (const std::string& name : simulator::PageNames()) {
    const auto page = simulator::Page(name, exchange.status);
    if (page && page->body == exchange.body) {
      return name;
    }
  }
  return "";
}

Json ReplyOf(const CapturedExchange& exchange) {
  Json reply = {{"status", exchange.status}};
  const std::string page = PageOf(exchange);
  const bool error = page.empty() && ReadErrorBody(exchange.body, reply);
  const bool text = page.empty() && !error && !exchange.body.empty() && exchange.status != 204 &&
                    exchange.status != 304;
  if (!page.empty()) {
    reply["page"] = page;
  } else if (text) {
    reply["text"] = Clean(RedactedText(exchange.body));
  }
  const bool usual = exchange.reason.empty() || exchange.reason == ReasonPhrase(exchange.status);
  if (!usual && page.empty()) {
    reply["reason"] = CleanLine(exchange.reason);
  }
  PutHeaders(exchange, text, reply);
  return {{"reply", std::move(reply)}};
}

// Whatever a capture says: the answer to a HEAD has no body to be cut in.
bool CutInBody(const CapturedExchange& exchange) {
  return exchange.status != 0 && !exchange.lost.empty() && exchange.method != "HEAD";
}

Json CutOf(const CapturedExchange& exchange) {
  const std::string why = ToLower(exchange.lost);
  Json effect = {{"cut", Contains(why, "reset") || Contains(why, "rst") ? "rst" : "fin"}};
  if (CutInBody(exchange)) {
    effect["at"] = "response-body";
    effect["after-bytes"] = exchange.response_bytes;
  } else {
    effect["at"] = "decide";
  }
  return effect;
}

Json EffectOf(const CapturedExchange& exchange) {
  return exchange.lost.empty() ? ReplyOf(exchange) : CutOf(exchange);
}

// What a rule can tell exchanges apart by.
struct Subject {
  std::string operation;
  std::string repository;
  std::string reference;  // a tag; "" for any
  bool by_digest = false;
  int status = 0;  // of answers that are cut in their body: they are matched by it

  // NOLINTNEXTLINE(modernize-use-nullptr): taken for a null pointer by clang-tidy 14
  auto operator<=>(const Subject&) const = default;
};

bool OfRegistry(std::string_view operation) {
  return !operation.starts_with("npm.") && !operation.starts_with("forge.") &&
         !operation.starts_with("hub.");
}

bool IsManifest(std::string_view operation) { return operation.starts_with("manifest."); }

Subject SubjectOf(const Named& named) {
  Subject subject{named.operation, named.repository, "", false, 0};
  if (!named.by_digest) {
    subject.reference = named.reference;
  } else {
    subject.by_digest = IsManifest(named.operation);
  }
  return subject;
}

// A run of matches of one subject that fail in the same way.
struct Stretch {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool to_the_end = false;
  Json effect;
  const CapturedExchange* exchange = nullptr;
};

class RuleWriter {
 public:
  RuleWriter(std::string_view pushed, std::string_view repository, bool one_repository,
             std::vector<std::string>& notes)
      : pushed_(pushed), repository_(repository), one_repository_(one_repository), notes_(notes) {}

  void Write(const Subject& subject, const std::vector<const Named*>& matches) {
    std::uint64_t fired = 0;  // by the rules above, which then hide the match from those below
    for (const Stretch& stretch : Stretches(subject, matches)) {
      if (rules_.size() >= kRulesMax) {
        notes_.push_back(Concat({"more than ", std::to_string(kRulesMax),
                                 " rules: failures after those are left out"}));
        return;
      }
      Json rule = {{"name", NameFor(subject, *stretch.exchange)}, {"when", WhenOf(subject)}};
      rule["do"] = stretch.effect;
      Json times = TimesOf(stretch, fired);
      if (!times.is_null()) {
        rule["times"] = std::move(times);
      }
      fired += stretch.last - stretch.first + 1;
      Remark(stretch);
      rules_.push_back(rule.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }

  std::vector<std::string> Take() { return std::move(rules_); }

 private:
  static std::vector<Stretch> Stretches(const Subject& subject,
                                        const std::vector<const Named*>& matches) {
    std::vector<Stretch> stretches;
    for (std::size_t index = 0; index < matches.size(); ++index) {
      const CapturedExchange& exchange = *matches[index]->exchange;
      if (!matches[index]->failed || CutInBody(exchange) != (subject.status != 0)) {
        continue;
      }
      const std::uint64_t ordinal = index + 1;
      Json effect = EffectOf(exchange);
      if (!stretches.empty() && stretches.back().last + 1 == ordinal &&
          stretches.back().effect == effect) {
        stretches.back().last = ordinal;
      } else {
        stretches.push_back({ordinal, ordinal, false, std::move(effect), &exchange});
      }
      stretches.back().to_the_end = ordinal == matches.size();
    }
    return stretches;
  }

  // What failed to the end of the capture, more than once, goes on failing.
  static Json TimesOf(const Stretch& stretch, std::uint64_t fired) {
    const std::uint64_t first = stretch.first - fired;
    const std::uint64_t last = stretch.last - fired;
    if (stretch.to_the_end && first < last) {
      return first == 1 ? Json() : Json{{"after", first - 1}};
    }
    if (first == last) {
      return {{"nth", first}};
    }
    return {{"from", first}, {"to", last}};
  }

  Json WhenOf(const Subject& subject) const {
    Json when = {{"operation", subject.operation}};
    if (!subject.repository.empty() && !(one_repository_ && OfRegistry(subject.operation))) {
      when["repository"] = subject.repository == pushed_ && !repository_.empty()
                               ? std::string(repository_)
                               : subject.repository;
    }
    if (subject.by_digest) {
      when["reference-kind"] = "digest";
    } else if (!subject.reference.empty()) {
      when["reference"] = ReferenceGlob(subject.reference);
    }
    if (subject.status != 0) {
      when["status"] = subject.status;
    }
    return when;
  }

  // A base hash is of the captured project's tree, and another one's is another.
  static std::string ReferenceGlob(const std::string& reference) {
    constexpr std::string_view kBase = "base-";
    const bool base =
        reference.starts_with(kBase) && reference.size() == kBase.size() + 12 &&
        reference.find_first_not_of("0123456789abcdef", kBase.size()) == std::string::npos;
    return base ? "base-????????????" : reference;
  }

  std::string NameFor(const Subject& subject, const CapturedExchange& exchange) {
    const std::string plain = Concat(
        {subject.operation, "-", exchange.lost.empty() ? std::to_string(exchange.status) : "cut"});
    std::string name = plain;
    for (int ordinal = 2; !names_.insert(name).second; ++ordinal) {
      name = Concat({plain, "-", std::to_string(ordinal)});
    }
    return name;
  }

  void Remark(const Stretch& stretch) {
    const CapturedExchange& exchange = *stretch.exchange;
    const std::string what = Concat({"entry on line ", std::to_string(exchange.line), " (",
                                     exchange.method, " ", exchange.url.path, ")"});
    if (exchange.status == 0) {
      notes_.push_back(Concat({what, ": no answer (", RedactedText(exchange.lost),
                               "); whether the work was done is not in a capture, taken as not"}));
    }
    if (exchange.body_cut) {
      notes_.push_back(Concat(
          {what, ": its body is longer than ", HumanBytes(kHarBodyBytesMax), " and is cut there"}));
    }
  }

  std::string_view pushed_;
  std::string_view repository_;
  bool one_repository_;
  std::vector<std::string>& notes_;
  std::vector<std::string> rules_;
  std::set<std::string> names_;
};

bool CanBeSaid(const Named& named, std::vector<std::string>& notes) {
  const CapturedExchange& exchange = *named.exchange;
  const std::string what = Concat({exchange.method, " ", exchange.url.Origin(), exchange.url.path});
  if (named.operation.empty()) {
    notes.push_back(Concat({what, ": failed, and is no request that drydock's servers know"}));
    return false;
  }
  if (exchange.status != 0 && (exchange.status < kStatusLeast || exchange.status > kStatusMost)) {
    notes.push_back(Concat({what, ": failed with status ", std::to_string(exchange.status),
                            ", which no rule can answer"}));
    return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> RulesFor(const std::vector<Named>& exchanges, std::string_view pushed,
                                  std::string_view repository, std::vector<std::string>& notes) {
  std::map<Subject, std::vector<const Named*>> matches;
  std::vector<Subject> failed;  // in the order of their first failure
  std::set<std::string> repositories;
  for (const Named& named : exchanges) {
    const bool sayable = !named.failed || CanBeSaid(named, notes);
    if (named.operation.empty() || !sayable) {
      continue;
    }
    if (!named.repository.empty() && OfRegistry(named.operation)) {
      repositories.insert(named.repository);
    }
    std::vector<Subject> subjects;
    if (!named.challenge) {
      subjects.push_back(SubjectOf(named));
    }
    Subject by_status = SubjectOf(named);
    by_status.status = named.exchange->status;
    if (by_status.status != 0) {
      subjects.push_back(by_status);
    }
    for (const Subject& subject : subjects) {
      matches[subject].push_back(&named);
      const bool ours = CutInBody(*named.exchange) == (subject.status != 0);
      if (named.failed && ours &&
          std::find(failed.begin(), failed.end(), subject) == failed.end()) {
        failed.push_back(subject);
      }
    }
  }
  RuleWriter writer(pushed, repository, repositories.size() < 2, notes);
  for (const Subject& subject : failed) {
    writer.Write(subject, matches[subject]);
  }
  return writer.Take();
}

}  // namespace drydock::scenarios::importing
