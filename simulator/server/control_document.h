// The OpenAPI document of the control API, as it stands in docs/: compiled in, so that a server
// tells how it is spoken to. Threads: constant.
#pragma once

#include <string_view>

namespace drydock::simulator {

extern const std::string_view kControlDocument;

}  // namespace drydock::simulator
