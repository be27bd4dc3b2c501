// A TLS session of the server's side as a Stream. The handshake happens within the first reads and
// is bounded by their patience. Threads: as Stream says. Source: RFC 8446; SSL_read(3).
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "simulator/server/socket.h"
#include "simulator/server/stream.h"
#include "simulator/server/tls_identity.h"

namespace drydock::simulator {

class TlsStream : public Stream {
 public:
  // Owns `fd`. `identity` and `clock` must outlive it.
  TlsStream(int fd, const TlsIdentity& identity, Clock& clock);
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  void SetPatience(Deadline until, Duration stall) override;
  void OnHello(const Ask& ask) override { greeting_.ask = ask; }
  void Charge(WaitAccount* account) override { socket_.Charge(account); }
  // kInvalid tells of a handshake that failed, in OpenSSL's words.
  Result<std::optional<std::size_t>> ReadNow(std::span<char> into) override;
  Status AwaitBytes() override { return socket_.AwaitBytes(); }
  bool AwaitEnd(Duration span) override { return socket_.AwaitEnd(span); }
  Status Write(std::string_view bytes) override;
  void Finish() override;
  void Sever() override { socket_.Finish(); }
  void Reset(Duration patience) override { socket_.Reset(patience); }
  void Interrupt() override { socket_.Interrupt(); }
  int fd() const override { return socket_.fd(); }
  std::string server_name() const override;

 private:
  // Why the last SSL call failed: kInvalid in the words of OpenSSL, or kAmbiguous when the
  // connection broke. The session is of no use afterwards.
  Error Failure(std::string_view doing);

  Socket socket_;
  TlsGreeting greeting_;
  SSL* session_;
  bool failed_ = false;  // the session must not be used, not even to say goodbye
};

}  // namespace drydock::simulator
