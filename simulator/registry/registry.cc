#include "simulator/registry/registry.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/reference.h"
#include "core/rng.h"
#include "core/text.h"
#include "simulator/registry/authorization.h"
#include "simulator/registry/call.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"
#include "simulator/registry/house_rules.h"
#include "simulator/registry/view.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kAnonymousPullLimitReached =
    "You have reached your unauthenticated pull rate limit. "
    "https://www.docker.com/increase-rate-limit";
constexpr std::string_view kPullLimitReached =
    "You have reached your pull rate limit. You may increase the limit by authenticating and "
    "upgrading: https://www.docker.com/increase-rate-limit";

Response NoRoute(Call& /*call*/) { return PlainAnswer(404, "404 page not found\n"); }

Response MethodNotAllowed(Call& call) {
  if (call.personality().details == DetailStyle::kDistribution) {
    std::vector<std::string> methods = Split(call.route.allow, ',');
    for (std::string& method : methods) {
      method = Trim(method);
    }
    std::sort(methods.begin(), methods.end());
    Response response = PlainAnswer(405, "Method not allowed\n");
    response.headers.Add("Allow", Join(methods, ", "));
    return response;
  }
  Response response = Refusal({ApiCode::kMethodNotAllowed, "method", call.head.method});
  response.headers.Add("Allow", call.route.allow);
  return response;
}

// In the order of Operation.
constexpr std::array<Response (*)(Call&), 19> kHandlers = {
    NoRoute,     MethodNotAllowed, Ping,         Catalog,       ListTags,
    Referrers,   GetBlob,          GetBlob,      DeleteBlob,    StartUpload,
    MountBlob,   PatchUpload,      UploadStatus, CommitUpload,  CancelUpload,
    GetManifest, GetManifest,      PutManifest,  DeleteManifest};

// What a server in front refuses before it looks any closer.
std::optional<Response> CheckSize(const Call& call) {
  const Limits& limits = call.personality().limits;
  if (call.head.url.path.size() + call.head.url.query.size() > limits.target_bytes) {
    return PlainAnswer(414, "414 URI too long\n");
  }
  const Personality& personality = call.personality();
  const std::vector<std::string> refused = Split(personality.methods_refused, ' ');
  if (std::find(refused.begin(), refused.end(), call.head.method) != refused.end()) {
    return PlainAnswer(405, "405 method not allowed\n");
  }
  if (personality.length_required && !call.head.content_length) {
    return PlainAnswer(411, "411 length required\n");
  }
  std::size_t header_bytes = 0;
  for (const auto& [name, value] : call.head.headers) {
    header_bytes += name.size() + value.size();
  }
  if (header_bytes > limits.header_bytes) {
    return PlainAnswer(431, "431 request header fields too large\n");
  }
  return std::nullopt;
}

// The edge in front counts whatever comes, in plain text and before anything else.
std::optional<Response> CheckRate(Call& call) {
  const auto& limit = call.personality().request_limit;
  if (!limit) {
    return std::nullopt;
  }
  const std::string source = LimitSource(call.head.caller.address);
  const TimePoint now = call.state.clock.Now();
  if (call.state.requests.Used(source, now, limit->window) >= limit->count) {
    Response response = PlainAnswer(429, "Too Many Requests (HAP429).\n");
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit->window).count();
    response.headers.Add("Cache-Control", "no-cache");
    response.headers.Add("Connection", "close");
    response.headers.Add("Retry-After", std::to_string(seconds));
    return response;
  }
  call.state.requests.Count(source, now, limit->window);
  return std::nullopt;
}

std::optional<Response> CheckWrite(const Call& call) {
  const Personality& personality = call.personality();
  const Operation operation = call.route.operation;
  if (personality.writes_refused && IsWrite(operation)) {
    return Refusal({*personality.writes_refused, "", "", "the registry is read-only"});
  }
  if (!personality.create_repositories && MayCreateRepository(operation) &&
      !call.state.store.HasRepository(call.route.repository)) {
    return Refusal({ApiCode::kNameUnknown, "name", call.route.repository});
  }
  const std::uint64_t chunk_max = personality.limits.chunk_bytes;
  if (operation == Operation::kUploadPatch && chunk_max != 0 &&
      call.head.content_length.value_or(0) > chunk_max) {
    return Refusal({ApiCode::kRangeInvalid, "limit", std::to_string(chunk_max)});
  }
  return std::nullopt;
}

std::optional<Response> CheckPolicy(Call& call) {
  const Personality& personality = call.personality();
  if (!call.route.repository.empty() && !IsRepositoryName(call.route.repository)) {
    return Refusal({ApiCode::kNameInvalid, "name", call.route.repository});
  }
  if (auto refusal = CheckWrite(call)) {
    return refusal;
  }
  if (call.route.operation == Operation::kManifestPut &&
      call.head.content_length.value_or(0) > personality.limits.manifest_bytes) {
    return Refusal(
        {ApiCode::kTooLarge, "limit", std::to_string(personality.limits.manifest_bytes)});
  }
  if (call.route.operation == Operation::kManifestGet && personality.pull_limit) {
    const PullSource source = call.Source();
    const TimePoint now = call.state.clock.Now();
    if (call.state.pulls.Exhausted(*personality.pull_limit, source, now)) {
      Response response =
          Refusal({ApiCode::kTooManyRequests, "", "",
                   std::string(source.account ? kPullLimitReached : kAnonymousPullLimitReached)});
      call.state.pulls.AddHeaders(*personality.pull_limit, source, now, response.headers);
      return response;
    }
  }
  return std::nullopt;
}

// Which replica gets a request, from 1 on: by its ordinal, its connection, or its path alone.
std::size_t ReplicaFor(const Call& call) {
  const Personality& personality = call.state.personality;
  const std::uint64_t replicas = std::max<std::uint64_t>(personality.replicas, 1);
  const std::uint64_t number =
      personality.routing == Routing::kConnection ? call.head.caller.connection + replicas - 1
      : personality.routing == Routing::kPath     ? StableHash(0, call.head.url.path)
                                                  : call.state.routed++;
  return static_cast<std::size_t>(number % replicas) + 1;
}

class RegistryExchange : public Exchange {
 public:
  RegistryExchange(Registry::State& state, RequestHead head)
      : call_{state,        std::move(head), {}, {}, {}, MemoryShare(state.store.budget()),
              std::nullopt, false,           0,  {}, 1,  nullptr,
              std::nullopt} {
    call_.route = FindRoute(call_.head.method, call_.head.url);
    call_.replica = ReplicaFor(call_);
    route_ = call_.route.ToRoute();
    route_.replica = call_.replica;
  }
  ~RegistryExchange() override { CloseWrite(call_); }
  RegistryExchange(const RegistryExchange&) = delete;
  RegistryExchange& operator=(const RegistryExchange&) = delete;

  const Route& route() const override { return route_; }
  void Treat(std::shared_ptr<Treatment> treatment) override { Adopt(call_, std::move(treatment)); }

  Measures Measure() const override {
    Measures measures;
    const std::uint64_t length = call_.head.content_length.value_or(0);
    if (const auto session = call_.state.uploads.Find(route_.repository, route_.session)) {
      measures.session_bytes = session->size();
      measures.session_began = session->started();
      measures.blob_bytes = session->size() + length;
    } else if (const auto digest = Digest::Parse(route_.reference);
               digest && call_.state.store.Blobs(route_.repository).count(*digest) > 0) {
      measures.blob_bytes = call_.state.store.FindBlob(route_.repository, *digest).size();
    }
    measures.token_issued = TokenIssued(call_);
    return measures;
  }

  std::optional<Response> Decide() override {
    std::optional<Response> refusal = CheckRate(call_);
    if (!refusal) {
      refusal = CheckSize(call_);
    }
    if (call_.route.operation == Operation::kNone ||
        call_.route.operation == Operation::kMethodNotAllowed) {
      return refusal ? std::optional(Finished(std::move(*refusal))) : std::nullopt;
    }
    for (const auto check : {Authorize, CheckPolicy, OpenWrite}) {
      if (!refusal) {
        refusal = check(call_);
      }
    }
    return refusal ? std::optional(Finished(std::move(*refusal))) : std::nullopt;
  }

  void Receive(std::string_view piece) override {
    call_.received += piece.size();
    if (call_.write.session != nullptr) {
      Write(call_, piece);
    } else if (call_.route.operation == Operation::kManifestPut) {
      if (call_.received > call_.personality().limits.manifest_bytes) {
        call_.body_too_large = true;
      } else if (Status granted = call_.share.Grow(piece.size()); !granted) {
        call_.failed = std::move(granted).error();
      } else {
        call_.body.append(piece);
      }
    }
  }

  Response Apply() override {
    if (call_.state.past.keeps() && IsWrite(call_.route.operation)) {
      call_.state.past.Note(call_.state.store, call_.state.clock.Now(), call_.replica);
    }
    Response response = kHandlers[static_cast<std::size_t>(call_.route.operation)](call_);
    CloseWrite(call_);
    // Reads go on when the disk refuses writes.
    const bool reads = call_.head.method == "GET" || call_.head.method == "HEAD";
    if (const Status committed = reads ? Status(Ok{}) : call_.state.store.Commit(); !committed) {
      response = StorageFailed(committed.error());
    }
    return Finished(std::move(response));
  }

 private:
  // The headers every answer has; a HEAD keeps the length of the body it does not send. A Date that
  // is right comes from the network.
  Response Finished(Response response) const {
    if (const std::int64_t skew = call_.personality().date_skew; skew != 0) {
      response.headers.Add("Date",
                           FormatHttpDate(call_.state.clock.Now() + std::chrono::seconds(skew)));
    }
    response.headers.Add("Docker-Distribution-Api-Version", "registry/2.0");
    if (response.status != 204 && response.status != 304) {
      response.headers.Add("Content-Length", std::to_string(response.body.length().value_or(0)));
    }
    for (const std::string& warning : call_.personality().warnings) {
      response.headers.Add("Warning", Concat({"299 - \"", warning, "\""}));
    }
    if (call_.head.method == "HEAD") {
      response.body = Body();
    }
    return response;
  }

  Call call_;
  Route route_;
};

}  // namespace

std::string EntityTag(const Digest& digest) { return Concat({"\"", digest.ToString(), "\""}); }

bool Unmodified(const Call& call, const Digest& digest) {
  const std::string own = EntityTag(digest);
  for (const std::string& header : call.head.headers.All("If-None-Match")) {
    for (const std::string& text : Split(header, ',')) {
      std::string_view tag = Trim(text);
      if (tag.rfind("W/", 0) == 0) {
        tag.remove_prefix(2);
      }
      if (tag == own || tag == "*") {
        return true;
      }
    }
  }
  return false;
}

Response NotModified(const Digest& digest) {
  Response response;
  response.status = 304;
  response.headers.Add("Docker-Content-Digest", digest.ToString());
  response.headers.Add("ETag", EntityTag(digest));
  return response;
}

std::string Call::Location(const std::string& path) const {
  return personality().absolute_location ? Concat({head.url.Origin(), path}) : path;
}

std::string Call::Path(std::string_view rest) const {
  return Concat({"/v2/", route.repository, "/", rest});
}

std::string Call::Actor() const {
  return !head.caller.client.empty()    ? head.caller.client
         : !head.caller.address.empty() ? head.caller.address
                                        : "client";
}

Response Call::Refuse(const std::vector<Problem>& problems) const {
  const DetailStyle style = personality().details;
  const bool deletes =
      route.operation == Operation::kBlobDelete || route.operation == Operation::kManifestDelete;
  if (style == DetailStyle::kDistribution && deletes) {
    return Refusal({{problems.front().code}}, style, route.repository);
  }
  return Refusal(problems, style, route.repository);
}

PullSource Call::Source() const {
  if (!grant.account.empty()) {
    return {grant.account, true};
  }
  return {head.caller.address.empty() ? "0.0.0.0" : LimitSource(head.caller.address), false};
}

Registry::Registry(std::string host, Personality personality, Clock& clock, Rng rng,
                   Journal& journal, const std::string& token_secret) {
  const std::size_t sessions_max = personality.limits.upload_sessions;
  state_.reset(new State{std::move(host),
                         std::move(personality),
                         clock,
                         rng,
                         journal,
                         token_secret,
                         TokenReader(token_secret),
                         Store(),
                         UploadSessions(sessions_max),
                         PullCounter(),
                         WindowCounter(),
                         TagHistory(),
                         Past(),
                         {},
                         {},
                         {},
                         false,
                         0});
}

Registry::~Registry() = default;

std::unique_ptr<Exchange> Registry::Begin(RequestHead head) {
  return std::make_unique<RegistryExchange>(*state_, std::move(head));
}

void Registry::HashAhead() { state_->hash_ahead = true; }

void Registry::Admit(std::vector<Account> accounts) { state_->accounts = std::move(accounts); }

const TagHistory& Registry::tag_history() const { return state_->tag_history; }
const Personality& Registry::personality() const { return state_->personality; }
Store& Registry::store() { return state_->store; }
const Store& Registry::store() const { return state_->store; }

std::vector<OpenUpload> Registry::OpenUploads() const {
  std::vector<OpenUpload> open;
  for (const auto& session : state_->uploads.All()) {
    open.push_back({session->repository(), session->id(), session->size(), session->started()});
  }
  return open;
}

}  // namespace drydock::simulator
