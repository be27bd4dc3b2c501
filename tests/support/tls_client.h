// A TLS client that trusts one authority and tells how the connection ended, also whether the
// server said goodbye. For tests of servers on this machine; every wait is bounded. Threads: one.
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace drydock::testing {

// How a TLS connection ended: with a close_notify, with a FIN alone, or with an RST.
enum class TlsEnd { kStillOpen, kGoodbye, kFinAlone, kReset };

class TlsClient {
 public:
  // Connects to 127.0.0.1 and checks the certificate for `name`, which goes along as SNI unless it
  // is an address. Trusts `ca_pem` alone, or nobody when it is "".
  // With `patience` the handshake may take so long; what it then lacks is not an end.
  TlsClient(std::uint16_t port, const std::string& ca_pem, const std::string& name,
            std::chrono::milliseconds patience = std::chrono::seconds(10));
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Whether the handshake came to its end and the certificate is right.
  bool ok() const { return ok_; }
  // Why not: what is wrong with the certificate, or "no handshake".
  const std::string& why() const { return why_; }
  // The fatal alert the server sent, by its number; 0 when it sent none.
  int alert() const { return alert_; }
  // Waits for `span` at most; false when something can be read before (bytes or the end).
  bool Quiet(std::chrono::milliseconds span) const;
  bool Send(std::string_view bytes);
  // Everything until the connection ends.
  std::string ReadToEnd();
  // Everything up to and including `mark`; "" when the connection ends before.
  std::string ReadThrough(std::string_view mark);
  TlsEnd end() const { return end_; }

 private:
  bool Fill();

  int fd_;
  SSL_CTX* context_;
  SSL* session_;
  bool ok_ = false;
  std::string why_;
  int alert_ = 0;
  std::string held_;
  TlsEnd end_ = TlsEnd::kStillOpen;
};

}  // namespace drydock::testing
