// A TLS client that trusts one authority and tells how the connection ended, also whether the
// server said goodbye. For tests of servers on this machine; every wait is bounded. Threads: one.
#pragma once

#include <openssl/types.h>

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
  TlsClient(std::uint16_t port, const std::string& ca_pem, const std::string& name);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Whether the handshake came to its end and the certificate is right.
  bool ok() const { return ok_; }
  const std::string& why() const { return why_; }  // not
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
  std::string held_;
  TlsEnd end_ = TlsEnd::kStillOpen;
};

}  // namespace drydock::testing
