#include "simulator/faults/connect_fault.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "simulator/faults/rule.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {
namespace {

using Kind = ConnectFault::Kind;

struct Row {
  Kind kind;
  std::string_view name;
  ErrorCode code;
  std::string_view words;  // of drydock's own client
};
constexpr std::array<Row, 8> kRows = {{
    {Kind::kLookupError, "lookup-error", ErrorCode::kUnavailable, "cannot connect"},
    {Kind::kRefused, "refused", ErrorCode::kUnavailable, "cannot connect"},
    {Kind::kNoAnswer, "no-answer", ErrorCode::kUnavailable, "no connection in time"},
    {Kind::kTlsSilent, "tls-silent", ErrorCode::kUnavailable, "the TLS handshake failed"},
    {Kind::kWrongName, "wrong-name", ErrorCode::kDenied, "the server's certificate is not trusted"},
    {Kind::kExpired, "expired", ErrorCode::kDenied, "the server's certificate is not trusted"},
    {Kind::kGoAway, "goaway", ErrorCode::kUnavailable, "the connection takes no more requests"},
    {Kind::kStreamReset, "stream-reset", ErrorCode::kAmbiguous, "the stream was reset"},
}};

const Row& RowOf(Kind kind) {
  return *std::find_if(kRows.begin(), kRows.end(),
                       [&](const Row& row) { return row.kind == kind; });
}

bool IsOfHttp2(Kind kind) { return kind == Kind::kGoAway || kind == Kind::kStreamReset; }

}  // namespace

std::string Describe(const ConnectFault& fault) {
  return Concat(
      {"connect-fault ", RowOf(fault.kind).name, fault.code.empty() ? "" : " ", fault.code});
}

std::vector<Phase> PhasesOf(const ConnectFault& fault) {
  switch (fault.kind) {
    case Kind::kLookupError:
      return {Phase::kLookup};
    case Kind::kRefused:
    case Kind::kNoAnswer:
      return {Phase::kTcp};
    case Kind::kTlsSilent:
    case Kind::kWrongName:
    case Kind::kExpired:
      return {Phase::kTls};
    case Kind::kGoAway:
    case Kind::kStreamReset:
      return {Phase::kRequestHead, Phase::kResponseHead};
  }
  return {};
}

Error ErrorFor(const ConnectFault& fault, bool done) {
  const Row& row = RowOf(fault.kind);
  // Whoever asked on a stream that was refused, or above the last one a GOAWAY names, may be sure
  // that nothing was done.
  const bool untouched =
      !done && (row.code != ErrorCode::kAmbiguous || fault.code == "REFUSED_STREAM");
  const ErrorCode code = row.code == ErrorCode::kDenied ? ErrorCode::kDenied
                         : untouched                    ? ErrorCode::kUnavailable
                                                        : ErrorCode::kAmbiguous;
  return Error(code,
               Concat({row.words, " (", row.name, fault.code.empty() ? "" : " ", fault.code, ")"}));
}

bool IsSilent(const ConnectFault& fault) {
  return fault.kind == Kind::kNoAnswer || fault.kind == Kind::kTlsSilent;
}

Status CheckServable(const std::vector<FaultRule>& rules) {
  for (const FaultRule& rule : rules) {
    if (std::holds_alternative<ConnectFault>(rule.answer)) {
      return Error(
          ErrorCode::kInvalid,
          Concat({"fault \"", rule.name, "\": \"connect-fault\" exists in process only: a ",
                  "server cannot play what happens before a connection is its own, nor ",
                  "HTTP/2 (use \"cut\" at \"request-head\", or \"drydock replay\")"}));
    }
  }
  return Ok{};
}

namespace reading {

void ReadConnectFault(json::Source& source, const json::Value& value, FaultRule& rule) {
  const auto fail = [&] {
    std::vector<std::string> names;
    for (const Row& row : kRows) {
      names.push_back(IsOfHttp2(row.kind) ? Concat({"{\"", row.name, "\": CODE}"})
                                          : Concat({"\"", row.name, "\""}));
    }
    source.Fail(value.line(), Concat({"connect-fault: expected one of ", Join(names, ", "),
                                      ", found: ", value.Excerpt()}));
  };
  const std::string* text = value.as_string();
  const auto* object = value.as_object();
  const bool one = object != nullptr && object->size() == 1;
  if (one && object->front().value.as_string() == nullptr) {
    fail();
    return;
  }
  const std::string name = text != nullptr ? *text : one ? object->front().key : "";
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& each) { return each.name == name; });
  if (row == kRows.end() || IsOfHttp2(row->kind) != one) {
    fail();
    return;
  }
  rule.answer = ConnectFault{row->kind, one ? *object->front().value.as_string() : ""};
}

}  // namespace reading
}  // namespace drydock::simulator
