// The logins that docker keeps, as the commands that write to a registry need them.
// Threads: one.
#pragma once

#include <set>
#include <string>

#include "core/result.h"
#include "publisher/registry/credentials.h"

namespace drydock::cli {

// Reads `docker_config`/config.json ("": ~/.docker). Without a login for `registry` it says so on
// standard error, or fails for Docker Hub when `must_write`: a push there always takes one, and
// that is better said before anything was built. Loopback registries need none.
Result<publisher::Credentials> FindLogins(const std::string& docker_config,
                                          const std::string& registry, bool must_write);

// `registry` when it is spoken to without TLS: when that was asked for, and on loopback unless
// there is a `ca_file` to trust.
std::set<std::string> PlainHttpRegistries(const std::string& registry, bool asked,
                                          const std::string& ca_file);

}  // namespace drydock::cli
