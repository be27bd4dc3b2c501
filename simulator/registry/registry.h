// A fake container registry as a Site: the whole OCI distribution API over an in-memory store, with
// the manners of one personality. Deterministic: its inputs are the requests, the store, the clock
// and the random numbers it is given; upload ids come from the latter.
//
// Bodies stream: a blob is hashed while its bytes arrive and is held once. A client that vanishes
// leaves its upload session open with the bytes that came.
//
// Threads: one at a time, as Site says. Source: OCI distribution-spec v1.1; wire-behaviour.md
// sections 5 and 7; peers.md ("What it demands that is easy to miss").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "simulator/exchange.h"
#include "simulator/registry/account.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/store.h"
#include "simulator/registry/tag_history.h"

namespace drydock::simulator {

// An upload session somebody began and nobody ended.
struct OpenUpload {
  std::string repository;
  std::string session;
  std::uint64_t bytes = 0;
  TimePoint started{};
};

class Registry : public Site {
 public:
  // `host` is what tag events say. `clock` and `journal` must outlive the registry. `token_secret`
  // must be that of the TokenService whose tokens it takes and of the Cdn it redirects to.
  Registry(std::string host, Personality personality, Clock& clock, Rng rng, Journal& journal,
           const std::string& token_secret = {});
  ~Registry() override;

  std::unique_ptr<Exchange> Begin(RequestHead head) override;
  void Act(const Deed& deed) override;
  std::optional<std::string> Find(Held what, std::string_view repository,
                                  std::string_view name) const override;
  std::size_t OpenUploadCount() const override;

  // Large bodies are hashed in a thread of their own from here on; for drivers that keep a piece
  // they gave to Receive until the next Receive or Apply has returned, or the exchange is gone.
  void HashAhead();

  // Who may log in with Basic credentials, where the personality asks for them.
  void Admit(std::vector<Account> accounts);

  const Personality& personality() const;
  // For putting content in place and for looking at what is there. Changes made here are not
  // requests: no event tells of them.
  Store& store();
  const Store& store() const;
  const TagHistory& tag_history() const;
  std::vector<OpenUpload> OpenUploads() const;

  // What the exchanges work on; defined beside them.
  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace drydock::simulator
