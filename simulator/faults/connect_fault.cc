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
constexpr std::array<Row, 12> kRows = {{
    {Kind::kLookupError, "lookup-error", ErrorCode::kUnavailable, "the host's name was not found"},
    {Kind::kRefused, "refused", ErrorCode::kUnavailable, "cannot connect"},
    {Kind::kNoAnswer, "no-answer", ErrorCode::kUnavailable, "no connection in time"},
    {Kind::kReset, "reset", ErrorCode::kAmbiguous, "the connection broke"},
    {Kind::kSilent, "silent", ErrorCode::kAmbiguous, "the deadline passed"},
    {Kind::kTlsSilent, "tls-silent", ErrorCode::kUnavailable, "the TLS handshake failed"},
    {Kind::kTlsAlert, "tls-alert", ErrorCode::kUnavailable, "the TLS handshake failed"},
    {Kind::kWrongName, "wrong-name", ErrorCode::kDenied, "the server's certificate is not trusted"},
    {Kind::kExpired, "expired", ErrorCode::kDenied, "the server's certificate is not trusted"},
    {Kind::kUntrusted, "untrusted", ErrorCode::kDenied, "the server's certificate is not trusted"},
    {Kind::kGoAway, "goaway", ErrorCode::kUnavailable, "the connection takes no more requests"},
    {Kind::kStreamReset, "stream-reset", ErrorCode::kAmbiguous, "the stream was reset"},
}};

const Row& RowOf(Kind kind) {
  return *std::find_if(kRows.begin(), kRows.end(),
                       [&](const Row& row) { return row.kind == kind; });
}

// The descriptions that are seen of servers (RFC 8446 section 6.2, RFC 6066).
constexpr std::array<std::pair<std::string_view, int>, 6> kAlerts = {{{"handshake_failure", 40},
                                                                      {"access_denied", 49},
                                                                      {"protocol_version", 70},
                                                                      {"insufficient_security", 71},
                                                                      {"internal_error", 80},
                                                                      {"unrecognized_name", 112}}};

const std::pair<std::string_view, int>* FindAlert(std::string_view name) {
  const auto* const found = std::find_if(kAlerts.begin(), kAlerts.end(),
                                         [&](const auto& alert) { return alert.first == name; });
  return found == kAlerts.end() ? nullptr : found;
}

bool HasCode(Kind kind) {
  return kind == Kind::kGoAway || kind == Kind::kStreamReset || kind == Kind::kTlsAlert;
}

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
    case Kind::kSilent:
      return {Phase::kTcp};
    case Kind::kReset:
      return {Phase::kTcp, Phase::kTls};
    case Kind::kTlsSilent:
    case Kind::kTlsAlert:
    case Kind::kWrongName:
    case Kind::kExpired:
    case Kind::kUntrusted:
      return {Phase::kTls};
    case Kind::kGoAway:
    case Kind::kStreamReset:
      return {Phase::kRequestHead, Phase::kResponseHead};
  }
  return {};
}

Error ErrorFor(const ConnectFault& fault, bool done, bool tls) {
  // Whoever opens a TLS connection meets the end of a plain one in the handshake.
  const bool in_handshake = tls && (fault.kind == Kind::kReset || fault.kind == Kind::kSilent);
  const Row& row = RowOf(fault.kind);
  if (in_handshake) {
    return Error(ErrorCode::kUnavailable,
                 Concat({RowOf(Kind::kTlsSilent).words, " (", row.name, ")"}));
  }
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

std::optional<ConnectFault> FaultIn(const Error& error) {
  const std::string& told = error.message();
  const std::size_t begin = told.rfind('(');
  if (begin == std::string::npos || !told.ends_with(')')) {
    return std::nullopt;
  }
  const std::string named = told.substr(begin + 1, told.size() - begin - 2);
  const std::string name = named.substr(0, named.find(' '));
  const auto* const row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& each) { return each.name == name; });
  if (row == kRows.end()) {
    return std::nullopt;
  }
  return ConnectFault{row->kind, named.size() > name.size() ? named.substr(name.size() + 1) : ""};
}

bool IsSilent(const ConnectFault& fault) {
  return fault.kind == Kind::kNoAnswer || fault.kind == Kind::kSilent ||
         fault.kind == Kind::kTlsSilent;
}

int AlertOf(const ConnectFault& fault) {
  const auto* alert = FindAlert(fault.code);
  return alert == nullptr ? kAlerts.front().second : alert->second;
}

std::string_view Name(Kind kind) { return RowOf(kind).name; }

namespace reading {

void ReadConnectFault(json::Source& source, const json::Value& value, FaultRule& rule) {
  const auto fail = [&] {
    std::vector<std::string> names;
    names.reserve(kRows.size());
    for (const Row& row : kRows) {
      names.push_back(HasCode(row.kind) ? Concat({"{\"", row.name, "\": CODE}"})
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
  if (row == kRows.end() || HasCode(row->kind) != one) {
    fail();
    return;
  }
  const std::string code = one ? *object->front().value.as_string() : "";
  if (row->kind == Kind::kTlsAlert && FindAlert(code) == nullptr) {
    std::vector<std::string> names;
    names.reserve(kAlerts.size());
    for (const auto& [alert, number] : kAlerts) {
      names.emplace_back(alert);
    }
    source.Fail(value.line(), Concat({"connect-fault: tls-alert: expected one of: ",
                                      Join(names, ", "), "; found: \"", code, "\""}));
  }
  rule.answer = ConnectFault{row->kind, code};
}

}  // namespace reading
}  // namespace drydock::simulator
