#include "simulator/server/served_world.h"

#include <algorithm>
#include <variant>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr char kTokenPath[] = "/token";
constexpr char kActor[] = "server";

}  // namespace

ServedWorld::ServedWorld(WorldSpec spec, const std::string& authority, Clock& base, News news,
                         const Store* content)
    : spec_(std::move(spec)),
      clock_(base),
      journal_(clock_),
      faults_(spec_.faults, spec_.seed),
      internet_(clock_, journal_, faults_),
      news_(std::move(news)) {
  const Rng rng = Rng(spec_.seed).Fork("serve");
  const std::string secret = rng.Fork("token secret").Hex(32);
  if (spec_.personality.tokens) {
    spec_.personality.tokens->realm = kTokenPath;
  }
  if (spec_.personality.cdn) {
    spec_.personality.cdn->host = kCdnSelf;
  }
  registry_.emplace(authority, spec_.personality, clock_, rng.Fork("registry"), journal_, secret);
  registry_->store() = content != nullptr ? *content : spec_.content;
  registry_->store().Keep(spec_.backing);
  registry_->store().Limit(spec_.memory);
  if (spec_.backing != nullptr) {
    spec_.content = {};  // such a world is never reset, and a fork would keep deleted blobs' files
  }
  registry_->HashAhead();
  registry_->Admit(spec_.accounts);
  if (spec_.personality.tokens) {
    tokens_.emplace(TokenServiceOptions{.rule = *spec_.personality.tokens,
                                        .secret = secret,
                                        .accounts = spec_.accounts,
                                        .private_repositories = {}},
                    registry_->store(), clock_, rng.Fork("tokens"));
  }
  cdn_.emplace(registry_->store(), clock_, secret);
  hub_.emplace(*registry_, tokens_ ? &*tokens_ : nullptr, *cdn_, kTokenPath);
  internet_.Attach("*", *hub_);
  hub_api_.emplace(HubApiOptions{secret, spec_.accounts, spec_.personality.tag_list_lag},
                   registry_->store(), registry_->tag_history(), clock_, rng.Fork("hub api"));
  internet_.Attach(std::string(kHubApiHost), *hub_api_);
  AttachNeighbours();
}

// Content was held against the sites when it was read; what does not fit now is left out.
void ServedWorld::AttachNeighbours() {
  if (const auto& npm = spec_.neighbours.npm) {
    static_cast<void>(Furnish(npm->releases, npm_.emplace(clock_)));
    internet_.Attach(npm->host, *npm_);
  }
  if (const auto& forge = spec_.neighbours.forge) {
    static_cast<void>(Furnish(*forge, forge_.emplace(forge->token)));
    internet_.Attach(forge->host, *forge_);
  }
}

Result<Answer> ServedWorld::Serve(RequestHead head, Body& body, const std::shared_ptr<Peer>& peer) {
  Result<Answer> answer = internet_.Serve(std::move(head), body, peer);
  Tell();
  return answer;
}

std::optional<ConnectFault> ServedWorld::Opened(Phase phase, const Caller& caller) {
  const std::string& host = caller.server_name.empty() ? caller.endpoint : caller.server_name;
  std::optional<ConnectFault> fault =
      internet_.Opened(phase, caller, phase == Phase::kTls ? host : "");
  if (fault) {
    Tell();
  }
  return fault;
}

void ServedWorld::Note(const std::string& text) {
  journal_.Append(kActor, NoteEvent{text});
  Tell();
}

void ServedWorld::Tell() {
  const std::lock_guard lock(telling_);
  const std::vector<Event> events = journal_.Snapshot(next_untold_);
  for (const Event& event : events) {
    next_untold_ = event.sequence + 1;
    if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
      ++counts_.requests[{exchange->operation, exchange->status}];
      counts_.bytes_in += exchange->request_bytes;
      counts_.bytes_out += exchange->response_bytes;
    } else if (std::holds_alternative<NoteEvent>(event.payload)) {
      ++counts_.rejected;
    }
  }
  if (spec_.journal != nullptr) {
    spec_.journal->Write(events);
  }
  news_(*this, events);
  journal_.DropBefore(next_untold_ - std::min(next_untold_, kEventsKept));
}

void ServedWorld::Look(const std::function<void(const Registry&)>& look) {
  internet_.Look([&] { look(*registry_); });
}

Store ServedWorld::Fork() {
  Store fork;
  Look([&](const Registry& registry) { fork = registry.store(); });
  return fork;
}

Holdings ServedWorld::Held() {
  Holdings held;
  Look([&](const Registry& registry) {
    const Store& store = registry.store();
    for (const std::string& repository : store.Repositories()) {
      ++held.repositories;
      held.tags += store.Tags(repository).size();
    }
    held.blobs = store.blob_count();
    held.blob_bytes = store.blob_bytes();
    held.open_uploads = registry.OpenUploads().size();
  });
  return held;
}

WorldCounts ServedWorld::Counts() const {
  const std::lock_guard lock(telling_);
  return counts_;
}

}  // namespace drydock::simulator
