#include "simulator/server/control_api.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/text.h"
#include "simulator/server/control_call.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kWorldParameter = "{world}";

using Handler = Response (*)(ControlCall&);

constexpr ControlRoute kControlRoutes[] = {
    {"GET", "/openapi.json"},
    {"GET", "/metrics"},
    {"GET", "/worlds"},
    {"POST", "/worlds"},
    {"GET", "/worlds/{world}"},
    {"DELETE", "/worlds/{world}"},
    {"POST", "/worlds/{world}/reset"},
    {"GET", "/worlds/{world}/time"},
    {"POST", "/worlds/{world}/time"},
    {"GET", "/worlds/{world}/state"},
    {"GET", "/worlds/{world}/journal"},
    {"GET", "/worlds/{world}/journal.har"},
    {"GET", "/worlds/{world}/faults"},
    {"POST", "/worlds/{world}/faults"},
    {"DELETE", "/worlds/{world}/faults"},
    {"GET", "/worlds/{world}/faults/{fault}"},
    {"PATCH", "/worlds/{world}/faults/{fault}"},
    {"DELETE", "/worlds/{world}/faults/{fault}"},
    {"GET", "/snapshots"},
    {"PUT", "/snapshots/{snapshot}"},
    {"DELETE", "/snapshots/{snapshot}"},
};
// In the order of the routes.
constexpr std::array<Handler, std::size(kControlRoutes)> kControlHandlers = {
    GetDocument,  GetMetrics,  ListWorlds,  MakeWorld,   GetWorld,      DropWorld,    ResetWorld,
    GetTime,      AdvanceTime, GetState,    GetJournal,  GetHar,        ListFaults,   AddFaults,
    RemoveFaults, GetFault,    SwitchFault, RemoveFault, ListSnapshots, KeepSnapshot, DropSnapshot};

// What stands for the parameters of `pattern` in `path`; nullopt when it does not fit.
std::optional<std::vector<std::string>> FitPath(std::string_view pattern, std::string_view path) {
  const std::vector<std::string> wanted = Split(pattern, '/');
  const std::vector<std::string> given = Split(path, '/');
  if (wanted.size() != given.size()) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].substr(0, 1) == "{") {
      names.push_back(PercentDecode(given[i]));
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return names;
}

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

// A page in somebody's browser may send requests to this machine, too: it says where it is from.
bool IsFromElsewhere(const RequestHead& head) {
  const std::string* origin = head.headers.Find("Origin");
  return origin != nullptr && *origin != head.url.Origin();
}

Response Dispatch(ControlCall& call) {
  const std::string_view path = std::string_view(call.head.url.path).substr(kControlPrefix.size());
  std::string allow;
  for (std::size_t i = 0; i < std::size(kControlRoutes); ++i) {
    auto names = FitPath(kControlRoutes[i].path, path);
    if (!names) {
      continue;
    }
    if (kControlRoutes[i].method != call.head.method) {
      allow += Concat({allow.empty() ? "" : ", ", kControlRoutes[i].method});
      continue;
    }
    call.names = std::move(*names);
    if (Contains(kControlRoutes[i].path, kWorldParameter)) {
      call.world = call.context.worlds.Find(call.names.front());
      if (call.world == nullptr) {
        return ErrorAnswer(404, Concat({"there is no world \"", call.names.front(), "\""}));
      }
    }
    return kControlHandlers[i](call);
  }
  if (allow.empty()) {
    return ErrorAnswer(404,
                       Concat({"there is no ", path, "; see ", kControlPrefix, "/openapi.json"}));
  }
  Response response = ErrorAnswer(405, Concat({call.head.method, ": this path takes ", allow}));
  response.headers.Add("Allow", allow);
  return response;
}

}  // namespace

std::span<const ControlRoute> ControlRoutes() { return kControlRoutes; }

bool ControlApi::Takes(std::string_view path) {
  constexpr std::string_view kReserved = "/_drydock/";
  return path.substr(0, kReserved.size()) == kReserved;
}

Result<Response> ControlApi::Answer(const RequestHead& head, Body& body) {
  ControlCall call{context_, head, {}, {}, nullptr};
  Result<std::string> text = ReadAll(body, kControlBodyMax);
  if (!text) {
    if (text.error().code() != ErrorCode::kInvalid) {
      return text.error();
    }
    return ErrorAnswer(413, "the body is longer than 8 MiB");
  }
  call.body = std::move(*text);
  if (head.url.path.compare(0, kControlPrefix.size() + 1, Concat({kControlPrefix, "/"})) != 0) {
    return ErrorAnswer(404, Concat({"the control API is below ", kControlPrefix, "/"}));
  }
  if (IsFromElsewhere(head)) {
    return ErrorAnswer(403, "requests of pages from elsewhere are not served");
  }
  return Dispatch(call);
}

Response ControlAnswer(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"},
                      {"Content-Length", std::to_string(text.size())},
                      {"Cache-Control", "no-store"}};
  response.body = Body::FromString(std::move(text));
  return response;
}

std::string JsonText(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Response ErrorAnswer(int status, std::string_view message) {
  return ControlAnswer(status, Concat({"{\"error\": ", JsonText(message), "}\n"}));
}

Response ErrorAnswer(const Error& error) {
  return ErrorAnswer(StatusOf(error.code()), error.message());
}

Response NoContent() {
  Response response;
  response.status = 204;
  return response;
}

Result<json::Value> ReadDocument(const ControlCall& call, bool optional) {
  Result<json::Value> document =
      json::Parse(optional && Trim(call.body).empty() ? "{}" : call.body, "body");
  if (document && document->as_object() == nullptr) {
    return Error(ErrorCode::kInvalid,
                 Concat({"body: expected an object, found: ", document->Excerpt()}));
  }
  return document;
}

}  // namespace drydock::simulator
