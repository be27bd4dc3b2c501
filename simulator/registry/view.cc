#include "simulator/registry/view.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/text.h"
#include "simulator/registry/traits.h"

namespace drydock::simulator {
namespace {

// Each rule has caches of its own, and so has each replica.
std::string CacheName(const Call& call, const Past::Key& key) {
  const Treatment& treatment = *call.treatment;
  std::string name = Concat({treatment.view_name, "\n", std::to_string(call.replica), "\n",
                             key.repository, "\n", key.reference});
  if (treatment.view->cache_per_accept) {
    name += Concat({"\n", Join(call.head.headers.All("Accept"), ",")});
  }
  return name;
}

const Store& Cached(const Call& call, const Past::Key& key) {
  Registry::State& state = call.state;
  const ReadView& view = *call.treatment->view;
  const TimePoint now = state.clock.Now();
  std::string name = CacheName(call, key);
  if (const Store* remembered = state.past.Remembered(name, now)) {
    return *remembered;
  }
  const auto span = Past::Has(state.store, key) ? view.hit_cache : view.miss_cache;
  if (span) {
    state.past.Remember(std::move(name), state.store, now + *span);
  }
  return state.store;
}

const Store& Chosen(const Call& call, const Past::Key& key) {
  const Registry::State& state = call.state;
  const ReadView& view = *call.treatment->view;
  const TimePoint now = state.clock.Now();
  if (view.lag) {
    return state.past.AsOf(now - *view.lag, state.store);
  }
  if (view.replication) {
    return state.past.ReplicatedTo(call.replica, now - *view.replication, state.store, key);
  }
  if (view.previous) {
    return state.past.BeforeLastChange(state.store, key);
  }
  return view.miss_cache || view.hit_cache ? Cached(call, key) : state.store;
}

std::uint64_t Left(const Call& call, std::uint64_t size) {
  const bool clips = call.treatment && call.treatment->view && call.treatment->view->truncate;
  const std::uint64_t left = clips ? std::min(*call.treatment->view->truncate, size) : size;
  if (left < size) {
    call.treatment->view_differed = true;
  }
  return left;
}

}  // namespace

const Store& Visible(const Call& call, std::string_view repository, std::string_view reference) {
  const Store& present = call.state.store;
  if (!call.treatment || !call.treatment->view) {
    return present;
  }
  const Past::Key key{repository, reference};
  const Store& chosen = Chosen(call, key);
  if (&chosen != &present && !Past::Same(chosen, present, key)) {
    call.treatment->view_differed = true;
  }
  return chosen;
}

const Store& Visible(const Call& call, std::string_view repository, const Digest& digest) {
  return call.treatment ? Visible(call, repository, digest.ToString()) : call.state.store;
}

Body Clipped(const Call& call, const Blob& blob) { return blob.Read(0, Left(call, blob.size())); }

Body Clipped(const Call& call, const Bytes& bytes) {
  return Body::FromShared(bytes, 0, Left(call, bytes->size()));
}

void Adopt(Call& call, std::shared_ptr<Treatment> treatment) {
  call.state.past.KeepFor(treatment->remember);
  if (!treatment->traits.empty()) {
    call.bent = Bent(call.state.personality, treatment->traits);
  }
  call.treatment = std::move(treatment);
}

}  // namespace drydock::simulator
