#include "scenarios/runner/conduct.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "core/http.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kOurAgent = "drydock/";
// Codes of the registry's own that the same bytes meet again.
constexpr std::array<std::string_view, 4> kPermanent = {"MANIFEST_INVALID", "NAME_INVALID",
                                                        "TAG_INVALID", "UNSUPPORTED"};

bool IsAlias(std::string_view tag) { return tag.starts_with("latest") || tag == "base-latest"; }

bool IsOurs(const ExchangeEvent& exchange) {
  return exchange.request_headers.Get("User-Agent").starts_with(kOurAgent);
}

bool IsWrite(const ExchangeEvent& exchange) {
  return exchange.method == "PUT" || exchange.method == "POST" || exchange.method == "PATCH" ||
         exchange.method == "DELETE";
}

// "MANIFEST_INVALID" of a rejection in the registry's own words; "" of any other.
std::string CodeOf(const ExchangeEvent& exchange) {
  const auto body = json::Parse(exchange.response_excerpt, "answer");
  const json::Value* code = body ? body->At("/errors/0/code") : nullptr;
  return code == nullptr || code->as_string() == nullptr ? "" : *code->as_string();
}

bool IsPermanent(const ExchangeEvent& exchange) {
  const bool status = exchange.status == 400 || exchange.status == 403 || exchange.status == 405 ||
                      exchange.status == 415;
  // Each blob opens a session of its own by the same POST; a PUT says what it is about.
  return status && exchange.method == "PUT" &&
         std::find(kPermanent.begin(), kPermanent.end(), CodeOf(exchange)) != kPermanent.end();
}

// The moment before which the same request must not come again.
std::optional<TimePoint> Promised(const ExchangeEvent& exchange, TimePoint answered) {
  const std::string_view field = exchange.response_headers.Get("Retry-After");
  if (exchange.status < 400 || field.empty()) {
    return std::nullopt;
  }
  if (const auto seconds = ParseUnsigned(field); seconds && *seconds <= 86'400) {
    return answered + std::chrono::seconds(*seconds);
  }
  auto moment = ParseHttpDate(field);
  if (const auto told_at = ParseHttpDate(exchange.response_headers.Get("Date"));
      moment && told_at) {
    *moment -= *told_at - std::chrono::floor<std::chrono::seconds>(answered);  // by its own clock
  }
  return moment;
}

class Conduct {
 public:
  Conduct(const Stretch& stretch, std::string_view registry_host,
          const std::set<std::string, std::less<>>& others)
      : stretch_(stretch), registry_host_(registry_host), others_(others) {}

  std::vector<ExpectationFailure> Check() {
    for (const Event& event : stretch_.events) {
      if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
        if (IsOurs(*exchange)) {
          Look(event, *exchange);
        }
      } else if (const auto* moved = std::get_if<TagEvent>(&event.payload)) {
        const std::string name = Concat({moved->host, "/", moved->tag});
        if (IsAlias(moved->tag) && moved->from != moved->to && ++moves_[name] > 1) {
          Add("an alias moves at most once", Concat({moved->tag, " moved again"}), event);
        }
      } else if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
        waited_ += wait->span;
        if (waited_ > kWaitsMax && waited_ - wait->span <= kWaitsMax) {
          Add(Concat({"all waits together stay below ", FormatDuration(kWaitsMax)}),
              FormatDuration(waited_), event);
        }
      }
    }
    return std::move(failures_);
  }

 private:
  void Look(const Event& event, const ExchangeEvent& exchange) {
    const auto url = Url::Parse(exchange.url);
    if (!url) {
      return;
    }
    const std::string request = Concat({exchange.method, " ", url->host, url->path});
    CheckLogin(event, exchange, *url);
    const auto promise = promised_.find(request);
    if (promise != promised_.end() && event.time < promise->second) {
      Add("no request before the moment a Retry-After promised",
          Concat({request, " ", FormatDuration(promise->second - event.time), " early"}), event);
    }
    promised_.erase(request);
    if (const auto moment = Promised(exchange, event.time)) {
      promised_[request] = *moment;
    }
    const std::string whole = Concat({request, "?", url->query});
    if (const auto refused = refused_.find(whole); refused != refused_.end()) {
      Add("what was refused for good is not sent again",
          Concat({request, " after ", refused->second}), event);
    }
    if (IsPermanent(exchange)) {
      refused_[whole] = Concat({std::to_string(exchange.status), " ", CodeOf(exchange)});
    }
  }

  void CheckLogin(const Event& event, const ExchangeEvent& exchange, const Url& url) {
    const std::string_view login = exchange.request_headers.Get("Authorization");
    const bool token_service = exchange.operation == "token";
    const bool at_home = url.host == registry_host_ || others_.count(url.host) != 0;
    const bool password = login.starts_with("Basic");
    if (!login.empty() && !at_home && !(token_service && password)) {
      Add("a login goes to the registry and its token service only",
          Concat({exchange.method, " ", url.host, url.path, " carries ",
                  password ? "a password" : "a token"}),
          event);
    }
  }

  void Add(std::string expected, std::string found, const Event& event) {
    failures_.push_back({stretch_.file, stretch_.step == nullptr ? 0 : stretch_.step->line,
                         stretch_.step == nullptr ? "" : stretch_.step->name, std::move(expected),
                         std::move(found), event.sequence});
  }

  const Stretch& stretch_;
  std::string_view registry_host_;
  const std::set<std::string, std::less<>>& others_;
  std::map<std::string, TimePoint> promised_;   // by request
  std::map<std::string, std::string> refused_;  // by request with its query: how
  std::map<std::string, int> moves_;            // of aliases
  Duration waited_{};
  std::vector<ExpectationFailure> failures_;
};

// The first part of the image that the store lacks; "" when it is whole.
std::string LackOf(const simulator::Store& store, std::string_view repository, const Digest& digest,
                   int depth) {
  const simulator::StoredManifest* manifest = store.FindManifest(repository, digest);
  const auto parsed = manifest == nullptr ? Error(ErrorCode::kNotFound, "")
                                          : json::Parse(*manifest->bytes, "manifest");
  if (!parsed || depth == 0) {
    return Concat({"manifest ", digest.ToString()});
  }
  std::vector<const json::Value*> blobs;
  const json::Value* children = parsed->Find("manifests");
  if (children != nullptr && children->as_array() != nullptr) {
    for (const json::Value& child : *children->as_array()) {
      const auto named = Digest::Parse(child.Text("digest"));
      std::string lack = named ? LackOf(store, repository, *named, depth - 1) : "a child's digest";
      if (!lack.empty()) {
        return lack;
      }
    }
    return "";
  }
  if (const json::Value* config = parsed->Find("config")) {
    blobs.push_back(config);
  }
  const json::Value* layers = parsed->Find("layers");
  if (layers != nullptr && layers->as_array() != nullptr) {
    for (const json::Value& layer : *layers->as_array()) {
      blobs.push_back(&layer);
    }
  }
  for (const json::Value* blob : blobs) {
    const auto named = Digest::Parse(blob->Text("digest"));
    if (!named || store.FindBlob(repository, *named) == nullptr) {
      return Concat({"blob ", blob->Text("digest")});
    }
  }
  return "";
}

}  // namespace

std::vector<ExpectationFailure> CheckConduct(const Stretch& stretch, std::string_view registry_host,
                                             const std::set<std::string, std::less<>>& others) {
  return Conduct(stretch, registry_host, others).Check();
}

std::vector<ExpectationFailure> CheckAliases(const Stretch& stretch, const simulator::Store& store,
                                             std::string_view repository) {
  constexpr int kDepthMax = 4;
  std::vector<ExpectationFailure> failures;
  for (const Event& event : stretch.events) {
    const auto* moved = std::get_if<TagEvent>(&event.payload);
    const auto now = moved != nullptr && moved->repository == repository && IsAlias(moved->tag)
                         ? store.FindTag(repository, moved->tag)
                         : std::nullopt;
    if (!now || now->ToString() != moved->to) {
      continue;
    }
    if (const std::string lack = LackOf(store, repository, *now, kDepthMax); !lack.empty()) {
      failures.push_back({stretch.file, stretch.step == nullptr ? 0 : stretch.step->line,
                          stretch.step == nullptr ? "" : stretch.step->name,
                          Concat({"no alias is ahead of its content: ", moved->tag}),
                          Concat({"the registry lacks ", lack}), event.sequence});
    }
  }
  return failures;
}

std::vector<ExpectationFailure> CheckNothingSent(const Stretch& stretch) {
  std::vector<ExpectationFailure> failures;
  for (const Event& event : stretch.events) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    if (exchange != nullptr && IsWrite(*exchange) && exchange->operation != "token") {
      failures.push_back({stretch.file, stretch.step == nullptr ? 0 : stretch.step->line,
                          stretch.step == nullptr ? "" : stretch.step->name,
                          "with everything in place nothing is sent",
                          Concat({exchange->method, " ", exchange->url}), event.sequence});
    }
  }
  return failures;
}

}  // namespace drydock::scenarios
