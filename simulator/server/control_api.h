// The control API: worlds, state, faults, journal, snapshots and time of a running server, under
// one reserved prefix on every address it listens on. What is asked here is in no journal. Threads:
// Answer from any thread. Source: docs/control-api.openapi.json (a test holds the routes against
// it); issue 4 section 4.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/http.h"
#include "simulator/exchange.h"
#include "simulator/server/worlds.h"

namespace drydock::simulator {

inline constexpr std::string_view kControlPrefix = "/_drydock/v1";
inline constexpr std::size_t kControlBodyMax = std::size_t{8} << 20U;

// What the control API needs to know of the server around it.
struct ControlContext {
  Worlds& worlds;
  Endpoint usual;  // where the server listens
  std::function<std::uint64_t()> connections_taken;
  std::function<std::size_t()> connections_open;
  std::string journal_folder = {};            // for the journals of worlds; "": none are written
  std::shared_ptr<MemoryBudget> memory = {};  // of all worlds; null: no limit
};

struct ControlRoute {
  std::string_view method;
  std::string_view path;  // below the prefix: "/worlds/{world}/faults"
};
// All of them.
std::span<const ControlRoute> ControlRoutes();

class ControlApi {
 public:
  explicit ControlApi(ControlContext context) : context_(std::move(context)) {}

  // Whether a path is the control API's and no registry's.
  static bool Takes(std::string_view path);
  // The body's own error when it could not be read.
  Result<Response> Answer(const RequestHead& head, Body& body);

 private:
  ControlContext context_;
};

}  // namespace drydock::simulator
