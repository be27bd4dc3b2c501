// One request of the control API on its way, the handlers it can go to, and how they answer.
// Threads: one. Source: docs/control-api.openapi.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/http.h"
#include "core/json.h"
#include "simulator/server/control_api.h"

namespace drydock::simulator {

struct ControlCall {
  ControlContext& context;
  const RequestHead& head;
  std::string body;
  std::vector<std::string> names;      // what stands for "{…}" in the route's path
  std::shared_ptr<ServedWorld> world;  // of "{world}"; null when the route has none
};

// An answer of JSON text.
Response ControlAnswer(int status, std::string text);
// {"error": "…"} with the status of the error's code.
Response ErrorAnswer(const Error& error);
Response ErrorAnswer(int status, std::string_view message);
Response NoContent();
// A text as a JSON string, with its quotes.
std::string JsonText(std::string_view text);

// The body as one JSON object; an empty body is an empty one when `optional`.
Result<json::Value> ReadDocument(const ControlCall& call, bool optional = false);

Response GetDocument(ControlCall& call);
Response GetMetrics(ControlCall& call);
Response ListWorlds(ControlCall& call);
Response MakeWorld(ControlCall& call);
Response GetWorld(ControlCall& call);
Response DropWorld(ControlCall& call);
Response ResetWorld(ControlCall& call);
Response GetTime(ControlCall& call);
Response AdvanceTime(ControlCall& call);
Response GetState(ControlCall& call);
Response GetJournal(ControlCall& call);
Response GetHar(ControlCall& call);
Response ListFaults(ControlCall& call);
Response AddFaults(ControlCall& call);
Response RemoveFaults(ControlCall& call);
Response GetFault(ControlCall& call);
Response SwitchFault(ControlCall& call);
Response RemoveFault(ControlCall& call);
Response ListSnapshots(ControlCall& call);
Response KeepSnapshot(ControlCall& call);
Response DropSnapshot(ControlCall& call);

}  // namespace drydock::simulator
