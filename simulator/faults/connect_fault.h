// The effect "connect-fault": there is no connection to ask on, or it ends in a way of HTTP/2. What
// a server can play of it is in servable.h. Threads: plain values and pure functions.
// Source: incidents.md 9.2 (P8); RFC 8446 section 6 (alerts).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace drydock::simulator {

enum class Phase;

struct ConnectFault {
  enum class Kind {
    kLookupError,
    kRefused,
    kNoAnswer,     // to the SYN
    kReset,        // an RST where the server's first byte would be
    kSilent,       // accepted, and then nothing more
    kTlsSilent,    // the handshake is never answered
    kTlsAlert,     // it is refused, in the words of TLS
    kWrongName,    // the certificate is another's
    kExpired,      // the certificate was good once
    kUntrusted,    // the certificate is of an authority nobody knows
    kGoAway,       // HTTP/2: the connection takes no further stream
    kStreamReset,  // HTTP/2: this stream ends
  };
  Kind kind = Kind::kRefused;
  std::string code;  // of kGoAway, kStreamReset: "REFUSED_STREAM"; of kTlsAlert: "internal_error"
};

std::string Describe(const ConnectFault& fault);
// Where such a fault may act; the first unless a rule says otherwise.
std::vector<Phase> PhasesOf(const ConnectFault& fault);
// What a client is told of it. `done`: the work was done before; `tls`: the connection was to be
// one of TLS. Waits are not part of it.
Error ErrorFor(const ConnectFault& fault, bool done, bool tls);
// The other way: the fault that an error of ErrorFor tells of; nullopt for all other errors.
std::optional<ConnectFault> FaultIn(const Error& error);
// Whether the client finds it out by waiting in vain.
bool IsSilent(const ConnectFault& fault);
// The number of the alert of a kTlsAlert.
int AlertOf(const ConnectFault& fault);
std::string_view Name(ConnectFault::Kind kind);  // "tls-silent"

}  // namespace drydock::simulator
