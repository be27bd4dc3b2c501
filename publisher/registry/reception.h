// What a registry says of itself and of a login before anything is sent there: its clock, and
// whether the login may push. Asked from the token service: its token says what it is good for.
// Threads: values and pure functions. Source: distribution "Token Authentication Specification"
// (claim set "access"); incident insufficient-scope-permanent; runbook "Prerequisites".
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace drydock::publisher {

enum class PushRight {
  kOpen,     // the registry asks for no login
  kGranted,  // the token says so
  kRefused,  // the token allows less than was asked for
  kUntold,   // the login is good, but what it allows shows at the first push
};

struct Reception {
  std::optional<TimePoint> date;  // the registry's, when it tells
  PushRight push = PushRight::kUntold;
};

// What an Authorization value allows in `repository`, as far as it can be read: a Bearer token that
// is a JWT with an "access" claim. Nothing is verified: the registry will do that.
PushRight RightToPush(std::string_view authorization, std::string_view repository);

}  // namespace drydock::publisher
