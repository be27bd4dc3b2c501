// Secrets that docker leaves to a program (docker-credential-NAME). Threads: as RunChild.
// Source: docker/docker-credential-helpers, README "Development".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "publisher/registry/credentials.h"

namespace drydock::publisher {

// Asks `docker-credential-NAME get` about `registry`. nullopt when it keeps nothing for it.
// kNotFound when there is no such program, kUnavailable when it fails; its standard error is in the
// message, what it printed never is.
Result<std::optional<Credential>> AskCredentialHelper(std::string_view name,
                                                      std::string_view registry);

}  // namespace drydock::publisher
