// Servers on the loopback interface for tests of the real transport: one that says exactly the
// bytes it is told to, and certificates made on the spot. Threads: a server runs one of its own;
// its public functions belong to the test's thread.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace drydock::publisher {

struct KeyAndCertificate {
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{nullptr, EVP_PKEY_free};
  std::unique_ptr<X509, void (*)(X509*)> certificate{nullptr, X509_free};
};

// For each connection: reads one request up to its empty line, sends `reply`, and then ends its own
// side in order, resets the connection, or holds it open until the server is destroyed.
class RawServer {
 public:
  enum class After { kClose, kReset, kHold };
  // Speaks TLS when it is given an `identity`, which must outlive it.
  RawServer(std::string reply, After after, const KeyAndCertificate* identity = nullptr);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const { return port_; }
  std::string Url(const std::string& path = "/") const;
  int connections() const { return connections_; }

 private:
  void Run();
  void Serve(int peer);
  void ServeTls(int peer);

  std::string reply_;
  After after_;
  const KeyAndCertificate* identity_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};  // a byte to the first end ends the server
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

// A port that nothing listens on.
int UnusedPort();

// An authority, and a server's certificate for `alternative_name` ("IP:127.0.0.1") signed by it.
KeyAndCertificate MakeAuthority();
KeyAndCertificate MakeServerCertificate(const KeyAndCertificate& authority,
                                        const std::string& alternative_name);
// The certificate in PEM.
std::string ToPem(const X509& certificate);

}  // namespace drydock::publisher
