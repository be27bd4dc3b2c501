#include "simulator/world/go_words.h"

#include <optional>

#include "core/text.h"
#include "simulator/faults/connect_fault.h"

namespace drydock::simulator {
namespace {

using Kind = ConnectFault::Kind;

// Where a connection goes: names carry their port.
std::string Address(const Url& url) {
  return url.host.find(':') != std::string::npos
             ? url.host
             : Concat({url.host, url.scheme == "https" ? ":443" : ":80"});
}

std::string AlertInGo(const std::string& alert) {
  if (alert == "protocol_version") {
    return "protocol version not supported";
  }
  return alert == "insufficient_security" ? "insufficient security level"
                                          : ReplaceAll(alert, "_", " ");
}

GoWords OfConnectFault(const ConnectFault& fault, const Url& url, std::string_view client) {
  const std::string dial = Concat({"dial tcp ", Address(url), ": "});
  switch (fault.kind) {
    case Kind::kLookupError:
      return {
          Concat({"dial tcp: lookup ", url.host.substr(0, url.host.find(':')), ": no such host"})};
    case Kind::kRefused:
      return {Concat({dial, "connect: connection refused"})};
    case Kind::kNoAnswer:
      return {Concat({dial, "i/o timeout"}), true};
    case Kind::kReset:
      return {Concat({"read tcp ", client, "->", url.host, ": read: connection reset by peer"}),
              true};
    case Kind::kSilent:
    case Kind::kTlsSilent:
      return {"net/http: TLS handshake timeout", true};
    case Kind::kTlsAlert:
      return {Concat({"remote error: tls: ", AlertInGo(fault.code)})};
    case Kind::kWrongName:
      return {Concat({"x509: certificate is valid for another-host.invalid, not ",
                      url.host.substr(0, url.host.find(':'))})};
    case Kind::kExpired:
      return {"x509: certificate has expired or is not yet valid"};
    case Kind::kUntrusted:
      return {"x509: certificate signed by unknown authority"};
    case Kind::kGoAway:
      return {
          Concat({"http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=",
                  fault.code.empty() ? "NO_ERROR" : fault.code, ", debug=\"\""})};
    case Kind::kStreamReset:
      return {Concat({"stream error: stream ID 1; ",
                      fault.code.empty() ? "INTERNAL_ERROR" : fault.code, "; received from peer"})};
  }
  return {};
}

bool Says(const Error& error, std::string_view words) {
  return error.message().find(words) != std::string::npos;
}

}  // namespace

GoWords InGo(const Error& cause, const Url& url, std::string_view client) {
  if (const std::optional<ConnectFault> fault = FaultIn(cause)) {
    return OfConnectFault(*fault, url, client);
  }
  if (cause.code() == ErrorCode::kUnavailable) {
    return OfConnectFault({Kind::kRefused, ""}, url, client);
  }
  if (Says(cause, "no HTTP")) {
    return {"net/http: HTTP/1.x transport connection broken: malformed HTTP response"};
  }
  if (Says(cause, "connection closed before an answer")) {
    return {"EOF", true};
  }
  return OfConnectFault({Kind::kReset, ""}, url, client);
}

std::string GoVerb(std::string_view method) {
  return Concat({method.substr(0, 1), ToLower(method.substr(1))});
}

}  // namespace drydock::simulator
