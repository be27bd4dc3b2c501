// Whether a request may go on: the token it carries and the challenge it gets without one.
// Threads: pure functions over the call. Source: distribution "Token Authentication Specification";
// RFC 6750 section 3; incident `mount-401-403` (mounting needs pull on the source).
#pragma once

#include <optional>

#include "core/http.h"
#include "simulator/registry/call.h"

namespace drydock::simulator {

// Nothing when the request may go on, and then call.grant is the token's; otherwise 401 with a
// challenge that names every scope the request needs. Anything goes without a TokenRule.
std::optional<Response> Authorize(Call& call);

// When the token of the request was issued; nullopt when it has no good one.
std::optional<TimePoint> TokenIssued(const Call& call);

}  // namespace drydock::simulator
