// What the curl of CI's update-description asks the Hub: a login, then a PATCH of the page. It
// follows redirects as most clients do, by a GET: an address without its last slash is answered 200
// and changes nothing. Threads: called from inside an actor. Source: opencode-devbox.md section 6.
#pragma once

#include <string>

#include "core/result.h"
#include "core/transport.h"
#include "publisher/registry/credentials.h"
#include "simulator/buildkit/buildx.h"

namespace drydock::scenarios {

// Exit code 0 when the last answer was a 200. kCancelled when the run was killed.
Result<simulator::CommandResult> PatchPage(Transport& transport, const publisher::Credential& login,
                                           const std::string& url, const std::string& text);

}  // namespace drydock::scenarios
