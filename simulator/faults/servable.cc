#include "simulator/faults/servable.h"

#include <algorithm>
#include <string>

#include "core/text.h"

namespace drydock::simulator {
namespace {

using Kind = ConnectFault::Kind;

bool ExistsInProcessOnly(Kind kind) {
  return kind == Kind::kLookupError || kind == Kind::kNoAnswer || kind == Kind::kGoAway ||
         kind == Kind::kStreamReset;
}

// The first member that is about a request, which a new connection has not brought yet; "" for
// none.
std::string_view MemberOfARequest(const FaultRule& rule) {
  const When& when = rule.when;
  const ExchangePattern& pattern = when.exchange;
  const std::pair<std::string_view, bool> members[] = {
      {"method", !pattern.methods.empty()},
      {"operation", !pattern.operations.empty()},
      {"client", pattern.client.has_value()},
      {"repository", pattern.repository.has_value()},
      {"reference", pattern.reference.has_value()},
      {"reference-kind", pattern.reference_kind.has_value()},
      {"media-type", pattern.media_type.has_value()},
      {"protocol", pattern.protocol.has_value()},
      {"headers", !pattern.headers.empty()},
      {"replica", pattern.replica.has_value()},
      {"size\" or \"age", !when.bounds.empty()},
      {"state", when.state.has_value()},
      {"same", when.since && !when.since->same.empty()},
  };
  for (const auto& [name, given] : members) {
    if (given) {
      return name;
    }
  }
  return "";
}

// Why a server cannot play it; "" when it can.
std::string Objection(const FaultRule& rule, const ConnectFault& fault, const ServedBy& served) {
  if (ExistsInProcessOnly(fault.kind)) {
    return Concat({"\"", Name(fault.kind), "\" exists in process only: a server cannot play what ",
                   "happens before a connection is its own, nor HTTP/2 (use \"reset\", or ",
                   "\"cut\" at \"request-head\", or \"drydock replay\")"});
  }
  if (rule.phase == Phase::kTls && !served.tls) {
    return Concat({"\"", Name(fault.kind), "\" acts in a TLS handshake (use --tls)"});
  }
  if (rule.phase == Phase::kTcp && !served.own_address) {
    return Concat({"\"", Name(fault.kind), "\" acts before a client names a host, and the world ",
                   "has no address of its own"});
  }
  if (const std::string_view member = MemberOfARequest(rule); !member.empty()) {
    return Concat({"\"", member, "\" is about a request, and a server decides when a connection ",
                   "is opened (leave it out, or use \"cut\")"});
  }
  if (rule.phase == Phase::kTcp && rule.when.exchange.host) {
    return Concat({"a server is told the \"host\" in the TLS handshake and not before (use ",
                   "\"reset\" at \"tls\", or leave it out)"});
  }
  const auto unknown = std::find_if(rule.times.per.begin(), rule.times.per.end(), [&](Key key) {
    return key != Key::kAddress && (key != Key::kHost || rule.phase == Phase::kTcp);
  });
  if (unknown != rule.times.per.end()) {
    return Concat({"a new connection has no ", Name(*unknown), " to count by"});
  }
  return rule.hold ? "who opens a connection cannot be held (\"silent\" and \"tls-silent\" do)"
                   : "";
}

}  // namespace

Status CheckServable(const std::vector<FaultRule>& rules, const ServedBy& served) {
  for (const FaultRule& rule : rules) {
    if (const auto* fault = std::get_if<ConnectFault>(&rule.answer)) {
      if (const std::string why = Objection(rule, *fault, served); !why.empty()) {
        return Error(ErrorCode::kInvalid,
                     Concat({"fault \"", rule.name, "\": \"connect-fault\": ", why}));
      }
    }
  }
  return Ok{};
}

}  // namespace drydock::simulator
