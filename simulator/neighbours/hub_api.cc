#include "simulator/neighbours/hub_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/token.h"
#include "simulator/registry/traits.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kLoginLife = std::chrono::hours(24);
constexpr std::size_t kBodyBytesMax = std::size_t{1} << 20;
constexpr std::uint64_t kPageSizeMax = 100;
constexpr std::uint64_t kPageSizeUsual = 10;

Response Complaint(int status, std::string_view message) {
  return JsonAnswer(status, Json{{"message", message}, {"errinfo", Json::object()}}.dump());
}

Response FieldComplaint(std::string_view field, std::string_view what) {
  Json json;
  json["message"] = "httperror 400: request had 1 validation error";
  json["errinfo"]["fielderrors"][std::string(field)] = what;
  return JsonAnswer(400, json.dump());
}

// Characters of UTF-8: bytes that do not continue one.
std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Whether a login may change what the repository's page says.
bool MayWrite(const Grant& login, std::string_view repository) {
  const auto permission =
      login.access.empty() ? std::nullopt : ParseTokenPermission(login.access.front().name);
  return permission && Reaches(*permission, "push") &&
         login.account == repository.substr(0, repository.find('/'));
}

}  // namespace

class HubApi::Visit : public Exchange {
 public:
  Visit(HubApi& hub, RequestHead head) : hub_(hub), head_(std::move(head)) { FindRoute(); }

  const Route& route() const override { return route_; }
  std::optional<Response> Decide() override { return std::nullopt; }
  void Receive(std::string_view piece) override {
    too_large_ = too_large_ || body_.size() + piece.size() > kBodyBytesMax;
    if (!too_large_) {
      body_.append(piece);
    }
  }
  Response Apply() override;
  void Treat(std::shared_ptr<Treatment> treatment) override {
    Personality bent;
    bent.tag_list_lag = lag_;
    lag_ = Bent(bent, treatment->traits).tag_list_lag;
  }

 private:
  void FindRoute();
  Response LogIn();
  Response Show() const;
  Response Change();
  Response Tags() const;
  // The account whose login the request carries, and whether that may write.
  std::optional<Grant> Login() const;

  HubApi& hub_;
  Duration lag_ = hub_.options_.tag_list_lag;
  RequestHead head_;
  Route route_;
  std::string body_;
  bool too_large_ = false;
};

// "/v2/users/login/", "/v2/repositories/<namespace>/<name>/", and "tags/" beneath the latter.
void HubApi::Visit::FindRoute() {
  std::vector<std::string> parts = Split(head_.url.path, '/');
  if (parts.size() > 1 && parts.back().empty()) {
    parts.pop_back();
  }
  if (parts.size() < 4 || parts[1] != "v2") {
    return;
  }
  if (parts.size() == 4 && parts[2] == "users" && parts[3] == "login") {
    route_.operation = "hub.login";
  } else if (parts[2] == "repositories" && parts.size() >= 5) {
    const std::string repository = Concat({parts[3], "/", parts[4]});
    if (parts.size() == 5) {
      route_.operation = head_.method == "PATCH" ? "hub.repository.patch" : "hub.repository.get";
    } else if (parts.size() == 6 && parts[5] == "tags") {
      route_.operation = "hub.tags";
    } else {
      return;
    }
    route_.repository = repository;
  }
}

Response HubApi::Visit::Apply() {
  if (route_.operation.empty()) {
    return Complaint(404, "object not found");
  }
  if (!head_.url.path.ends_with('/')) {
    Response moved = PlainAnswer(301, "");
    Url to = head_.url;
    to.path += '/';
    moved.headers.Add("Location", to.Target());
    return moved;
  }
  if (too_large_) {
    return Complaint(413, "request too large");
  }
  const bool reads = head_.method == "GET" || head_.method == "HEAD";
  if (route_.operation == "hub.login" ? head_.method != "POST"
                                      : !reads && route_.operation != "hub.repository.patch") {
    return Complaint(405, "method not allowed");
  }
  if (route_.operation == "hub.login") {
    return LogIn();
  }
  if (!hub_.store_.HasRepository(route_.repository)) {
    return Complaint(404, "object not found");
  }
  return route_.operation == "hub.tags"               ? Tags()
         : route_.operation == "hub.repository.patch" ? Change()
                                                      : Show();
}

Response HubApi::Visit::LogIn() {
  const auto form = json::Parse(body_, "login");
  const std::string name(form ? form->Text("username") : "");
  const auto identity = Identify(hub_.options_.accounts, name, form ? form->Text("password") : "");
  if (!identity) {
    return JsonAnswer(401, Json{{"detail", "Incorrect authentication credentials"}}.dump());
  }
  const TimePoint now = std::chrono::floor<std::chrono::seconds>(hub_.clock_.Now());
  const Grant grant{std::string(kHubApiHost),
                    std::string(kHubApiHost),
                    identity->account,
                    now,
                    now + kLoginLife,
                    hub_.rng_.Uuid(),
                    {{"hub", std::string(Name(identity->permission)), {}}}};
  return JsonAnswer(200, Json{{"token", SignToken(grant, hub_.options_.secret)}}.dump());
}

std::optional<Grant> HubApi::Visit::Login() const {
  const std::string_view header = head_.headers.Get("Authorization");
  for (const std::string_view scheme : {"JWT ", "Bearer "}) {
    if (EqualsIgnoringCase(header.substr(0, scheme.size()), scheme)) {
      return CheckToken(Trim(header.substr(scheme.size())), hub_.options_.secret, kHubApiHost,
                        hub_.clock_.Now());
    }
  }
  return std::nullopt;
}

Response HubApi::Visit::Show() const {
  const Page page = hub_.PageOf(route_.repository);
  const std::size_t slash = route_.repository.find('/');
  Json json;
  json["user"] = route_.repository.substr(0, slash);
  json["name"] = route_.repository.substr(slash + 1);
  json["namespace"] = route_.repository.substr(0, slash);
  json["description"] = page.description;
  json["full_description"] = page.full_description;
  json["is_private"] = false;
  json["last_updated"] = FormatRfc3339(page.last_updated);
  return JsonAnswer(200, json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Response HubApi::Visit::Change() {
  const auto login = Login();
  if (!login) {
    return JsonAnswer(401,
                      Json{{"detail", "Authentication credentials were not provided."}}.dump());
  }
  if (!MayWrite(*login, route_.repository)) {
    return Complaint(403, "insufficient scope");
  }
  const auto form = json::Parse(body_, "repository");
  if (!form || form->as_object() == nullptr) {
    return Complaint(400, "expected a JSON object");
  }
  Page page = hub_.PageOf(route_.repository);
  if (form->Find("full_description") != nullptr) {
    page.full_description = std::string(form->Text("full_description"));
  }
  if (form->Find("description") != nullptr) {
    page.description = std::string(form->Text("description"));
  }
  if (Characters(page.full_description) > kDescriptionMax) {
    return FieldComplaint("full_description", "Exceeded max number of characters");
  }
  if (page.description.size() > kShortDescriptionMax) {
    return FieldComplaint("description", "Exceeded max number of characters");
  }
  page.last_updated = hub_.clock_.Now();
  hub_.pages_[route_.repository] = std::move(page);
  return Show();
}

Response HubApi::Visit::Tags() const {
  const auto number = [&](std::string_view name, std::uint64_t usual) {
    return std::max<std::uint64_t>(
        ParseUnsigned(head_.url.QueryValue(name).value_or("")).value_or(usual), 1);
  };
  const std::uint64_t size = std::min(number("page_size", kPageSizeUsual), kPageSizeMax);
  const std::uint64_t page = number("page", 1);
  const TagMap tags = hub_.history_.AsOf(route_.repository, hub_.store_.Tags(route_.repository),
                                         hub_.clock_.Now() - lag_);
  Json results = Json::array();
  std::uint64_t at = 0;
  for (const auto& [tag, digest] : tags) {
    if (at / size == page - 1) {
      Json one{{"name", tag}, {"digest", digest.ToString()}};
      if (const auto moved = hub_.history_.LastMove(route_.repository, tag)) {
        one["last_updated"] = FormatRfc3339(*moved);
      }
      results.push_back(std::move(one));
    }
    ++at;
  }
  const auto link = [&](std::uint64_t to) {
    return Json(Concat({head_.url.Origin(), head_.url.path, "?page=", std::to_string(to),
                        "&page_size=", std::to_string(size)}));
  };
  const bool more = page <= (tags.size() + size - 1) / size && page * size < tags.size();
  Json json;
  json["count"] = tags.size();
  json["next"] = more ? link(page + 1) : Json();
  json["previous"] = page > 1 ? link(page - 1) : Json();
  json["results"] = std::move(results);
  return JsonAnswer(200, json.dump());
}

HubApi::HubApi(HubApiOptions options, const Store& store, const TagHistory& history, Clock& clock,
               Rng rng)
    : options_(std::move(options)), store_(store), history_(history), clock_(clock), rng_(rng) {}

std::unique_ptr<Exchange> HubApi::Begin(RequestHead head) {
  return std::make_unique<Visit>(*this, std::move(head));
}

HubApi::Page HubApi::PageOf(std::string_view repository) const {
  const auto page = pages_.find(repository);
  return page == pages_.end() ? Page{} : page->second;
}

}  // namespace drydock::simulator
