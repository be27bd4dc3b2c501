// One request on its way through the registry, and the parts of the registry it works on: what the
// handlers share. Threads: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "simulator/exchange.h"
#include "simulator/registry/account.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/memory_budget.h"
#include "simulator/registry/past.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/pull_counter.h"
#include "simulator/registry/range.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/route.h"
#include "simulator/registry/store.h"
#include "simulator/registry/tag_history.h"
#include "simulator/registry/token.h"
#include "simulator/registry/upload.h"
#include "simulator/registry/window_counter.h"

namespace drydock::simulator {

struct Registry::State {
  std::string host;
  Personality personality;
  Clock& clock;
  Rng rng;
  Journal& journal;
  std::string token_secret;
  TokenReader tokens;  // of that secret
  Store store;
  UploadSessions uploads;
  PullCounter pulls;
  WindowCounter requests;
  TagHistory tag_history;
  Past past;
  std::vector<Account> accounts;  // for Basic
  TimePoint revoked_before{};     // tokens of earlier seconds are good no more
  std::string revoked_token;      // nor is this one
  bool hash_ahead = false;        // see Registry::HashAhead
  std::uint64_t routed = 0;       // requests that were given to a replica
};

// The part of an upload that one request writes.
struct UploadWrite {
  std::shared_ptr<UploadSession> session;  // null: this request writes no blob
  std::uint64_t begin = 0;                 // the session's size before it
  std::optional<ByteRange> range;          // what its Content-Range announced
};

// "\"sha256:…\""
std::string EntityTag(const Digest& digest);

struct Call {
  Registry::State& state;
  RequestHead head;
  RegistryRoute route;
  Grant grant;  // of the token; empty without authentication

  std::string body;             // of a manifest PUT
  MemoryShare share;            // that the body has
  std::optional<Error> failed;  // why the body could not be kept
  bool body_too_large = false;  // more came than the registry takes: the rest was dropped
  std::uint64_t received = 0;   // bytes of the body so far
  UploadWrite write;

  std::size_t replica = 1;               // that got it
  std::shared_ptr<Treatment> treatment;  // null: as the registry treats everybody
  std::optional<Personality> bent;       // by the treatment's traits

  // Whose manners this exchange meets.
  const Personality& personality() const { return bent ? *bent : state.personality; }
  // The Location of something below this host, absolute or relative as the personality has it.
  std::string Location(const std::string& path) const;
  // "/v2/<repository>/<rest>"
  std::string Path(std::string_view rest) const;
  // Who moves a tag in the eyes of the journal.
  std::string Actor() const;
  PullSource Source() const;
  // The refusal as the personality writes it.
  Response Refuse(const std::vector<Problem>& problems) const;
};

}  // namespace drydock::simulator
