// The effect "connect-fault": there is no connection to ask on, or it ends in a way of HTTP/2. In
// process only: a server has no say in what happens before a connection is its own, and drydock's
// speaks HTTP/1.1. Threads: plain values and pure functions. Source: incidents.md 9.2 (P8).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace drydock::simulator {

enum class Phase;
struct FaultRule;

struct ConnectFault {
  enum class Kind {
    kLookupError,
    kRefused,
    kNoAnswer,     // to the SYN
    kTlsSilent,    // the handshake is never answered
    kWrongName,    // the certificate is another's
    kExpired,      // the certificate was good once
    kGoAway,       // HTTP/2: the connection takes no further stream
    kStreamReset,  // HTTP/2: this stream ends
  };
  Kind kind = Kind::kRefused;
  std::string code;  // of kGoAway and kStreamReset: "PROTOCOL_ERROR", "REFUSED_STREAM"
};

std::string Describe(const ConnectFault& fault);
// Where such a fault may act; the first unless a rule says otherwise.
std::vector<Phase> PhasesOf(const ConnectFault& fault);
// What a client is told of it. `done`: the work was done before. Waits are not part of it.
Error ErrorFor(const ConnectFault& fault, bool done);
// Whether the client finds it out by waiting in vain.
bool IsSilent(const ConnectFault& fault);

// Ok when a server can play all of them; kInvalid naming the first that exists in process only.
Status CheckServable(const std::vector<FaultRule>& rules);

}  // namespace drydock::simulator
