// Who a TLS server says it is: a certificate authority of its own, made at start and gone with the
// process, and certificates it signs for whatever name or address a client asks. Nothing has to be
// installed on the machine: the client is given the authority's certificate.
// Threads: every method from any thread. Source: RFC 5280; RFC 6125 (names are subjectAltNames).
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "simulator/server/stream.h"

namespace drydock::simulator {

// What becomes of one handshake, and who is asked that.
struct TlsGreeting {
  int fd = -1;                             // of the connection
  Stream::Ask ask = {};                    // empty: nobody
  std::optional<ConnectFault> fault = {};  // what it gave
  bool asked = false;
};

class TlsIdentity {
 public:
  // `names` (host names and addresses) stand in every certificate. Keys are ECDSA on P-256; all of
  // it is valid from a day before `now` for two years. kInternal when OpenSSL refuses.
  static Result<std::unique_ptr<TlsIdentity>> Make(const std::vector<std::string>& names,
                                                   TimePoint now);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // The authority's certificate, to be trusted by clients.
  const std::string& ca_pem() const;
  // A server's side of a new session, without a stream below. Shows a certificate for the name the
  // client gives, or for the address it came to; at most some hundred different ones are made,
  // then that of `names` is shown. A fault of the greeting, which must outlive the session, shows
  // another one, sends an alert or lets the handshake stand still (SSL_ERROR_WANT_X509_LOOKUP).
  // Null when OpenSSL refuses. The caller frees it.
  SSL* NewSession(TlsGreeting& greeting) const;

 private:
  struct Parts;
  explicit TlsIdentity(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// The names of Docker Hub's parts, "localhost" and the loopback addresses.
std::vector<std::string> UsualTlsNames();

}  // namespace drydock::simulator
