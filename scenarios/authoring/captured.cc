#include "scenarios/authoring/captured.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/clock.h"
#include "core/text.h"
#include "simulator/neighbours/forge.h"
#include "simulator/neighbours/hub_api.h"
#include "simulator/neighbours/npm_registry.h"
#include "simulator/registry/route.h"

namespace drydock::scenarios::importing {
namespace {

// An address without scheme and query, to recognise it by.
std::string Place(const Url& url) { return url.host + url.path; }

simulator::RequestHead HeadOf(const CapturedExchange& exchange) {
  simulator::RequestHead head;
  head.method = exchange.method;
  head.url = exchange.url;
  return head;
}

simulator::Route HubRoute(const CapturedExchange& exchange) {
  std::vector<std::string> parts = Split(exchange.url.path, '/');
  std::erase(parts, "");
  simulator::Route route;
  if (parts.size() >= 3 && parts[1] == "users" && parts[2] == "login") {
    route.operation = "hub.login";
  } else if (parts.size() >= 4 && (parts[1] == "repositories" || parts[1] == "namespaces")) {
    route.repository = Concat({parts[2], "/", parts[3]});
    route.operation = parts.size() > 4 && parts[4] == "tags" ? "hub.tags"
                      : exchange.method == "PATCH"           ? "hub.repository.patch"
                                                             : "hub.repository.get";
  }
  return route;
}

// Learns from what servers said where tokens come from and where blobs were redirected to.
class Namer {
 public:
  explicit Namer(const Hosts& hosts) : hosts_(hosts), npm_(clock_) {}

  simulator::Route RouteOf(const CapturedExchange& exchange) {
    const Url& url = exchange.url;
    simulator::Route route;
    if (url.host == simulator::kHubApiHost) {
      return HubRoute(exchange);
    }
    if (realms_.count(Place(url)) > 0 || url.path == "/token") {
      route.operation = simulator::kTokenOperation;
    } else if (redirects_.count(Place(url)) > 0) {
      route.operation = "cdn.get";
    } else if (!hosts_.forge.empty() && url.host == hosts_.forge) {
      route = forge_.Begin(HeadOf(exchange))->route();
    } else if (url.host == hosts_.npm || Contains(url.host, "npm")) {
      route = npm_.Begin(HeadOf(exchange))->route();
    } else if (url.path == "/v2" || url.path.starts_with("/v2/")) {
      route = simulator::FindRoute(exchange.method, url).ToRoute();
    }
    return route;
  }

  void Learn(const CapturedExchange& exchange) {
    for (const std::string& field : exchange.headers.All("WWW-Authenticate")) {
      const std::size_t at = ToLower(field).find("realm=\"");
      if (at != std::string::npos) {
        const std::size_t from = at + std::string_view("realm=\"").size();
        Note(field.substr(from, field.find('"', from) - from), realms_);
      }
    }
    if (exchange.status >= 300 && exchange.status < 400) {
      Note(std::string(exchange.headers.Get("Location")), redirects_);
    }
  }

 private:
  static void Note(const std::string& address, std::set<std::string>& into) {
    if (const auto url = Url::Parse(address)) {
      into.insert(Place(*url));
    }
  }

  const Hosts& hosts_;
  SystemClock clock_;
  simulator::NpmRegistry npm_;
  simulator::Forge forge_;
  std::set<std::string> realms_;
  std::set<std::string> redirects_;
};

// What a server answers when it did what was asked, where that is not simply 200.
const std::map<std::string, std::set<int>, std::less<>>& Successes() {
  static const std::map<std::string, std::set<int>, std::less<>> kSuccesses = {
      {"upload.start", {201, 202}},  {"upload.mount", {201, 202}},
      {"upload.patch", {202, 204}},  {"upload.commit", {201}},
      {"upload.status", {204, 202}}, {"upload.cancel", {204, 202}},
      {"manifest.put", {201}},       {"blob.delete", {202}},
      {"manifest.delete", {202}},    {"blob.get", {200, 206, 302, 303, 307, 308}},
      {"cdn.get", {200, 206}},
  };
  return kSuccesses;
}

bool IsRead(std::string_view operation) {
  return operation == "blob.head" || operation == "blob.get" || operation == "manifest.head" ||
         operation == "manifest.get" || operation == "tags.list" || operation == "referrers" ||
         operation.starts_with("hub.") || operation.starts_with("forge.");
}

bool Failed(const Named& named, bool written) {
  const CapturedExchange& exchange = *named.exchange;
  if (exchange.status == 0 || !exchange.lost.empty()) {
    return true;
  }
  if (named.challenge || (exchange.status == 404 && IsRead(named.operation) && !written)) {
    return false;
  }
  if (exchange.status >= 400) {
    return true;
  }
  const auto successes = Successes().find(named.operation);
  return successes != Successes().end() && successes->second.count(exchange.status) == 0;
}

}  // namespace

std::vector<Named> NameExchanges(const Capture& capture, const Hosts& hosts) {
  std::vector<Named> all;
  std::set<std::string> written;  // manifests, by repository and reference
  Namer namer(hosts);
  for (const CapturedExchange& exchange : capture.exchanges) {
    const simulator::Route route = namer.RouteOf(exchange);
    Named named;
    named.exchange = &exchange;
    named.operation = route.operation;
    named.repository = route.repository;
    named.reference = route.reference;
    named.by_digest = Contains(route.reference, ":");
    named.challenge =
        exchange.status == 401 && !exchange.authorized && exchange.headers.Has("WWW-Authenticate");
    const std::string what = Concat({route.repository, "@", route.reference});
    named.failed = Failed(named, written.count(what) > 0);
    if (route.operation == "manifest.put" && exchange.status == 201) {
      written.insert(what);
    }
    namer.Learn(exchange);
    all.push_back(std::move(named));
  }
  return all;
}

std::string PushedRepository(const std::vector<Named>& exchanges) {
  std::map<std::string, std::size_t> writes;
  for (const Named& named : exchanges) {
    if (named.operation == "manifest.put" || named.operation.starts_with("upload.")) {
      ++writes[named.repository];
    }
  }
  const auto most =
      std::max_element(writes.begin(), writes.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == writes.end() ? "" : most->first;
}

}  // namespace drydock::scenarios::importing
