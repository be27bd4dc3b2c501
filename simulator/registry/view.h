// What one exchange gets to see of the store: what is there, or what its treatment makes of it.
// Threads: one at a time. Source: incidents.md 9.2, P11; simulator/treatment.h.
#pragma once

#include <string_view>

#include "core/http.h"
#include "simulator/registry/call.h"

namespace drydock::simulator {

// The store in which this exchange finds what `reference` (a tag, a digest, "" for lists) means in
// `repository`. Good until the registry is changed. Tells the treatment when it is not what is
// there.
const Store& Visible(const Call& call, std::string_view repository, std::string_view reference);

const Store& Visible(const Call& call, std::string_view repository, const Digest& digest);

// As many bytes of what is read as the treatment leaves; all of them without one.
Body Clipped(const Call& call, const Blob& blob);
Body Clipped(const Call& call, const Bytes& bytes);

// Takes up what `treatment` says about one exchange.
void Adopt(Call& call, std::shared_ptr<Treatment> treatment);

}  // namespace drydock::simulator
