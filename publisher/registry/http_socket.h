// Bytes of one HTTP exchange over a connected socket, plain or TLS: buffered reads, a limit on the
// lines of a head, and ears open for an answer that comes while the request is still being sent.
// Owns neither the socket nor the TLS session. Threads: one thread at a time.
// Source: incidents token-expiry-mid-body-eof, proxy-body-limit-413 (an early answer, then a
// close), hub-abuse-429-bare-lf; cpp-httplib reads lines of any length and matches the first one by
// a recursive regex.
#pragma once

#include <openssl/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace drydock::publisher {

// While it lives, writing to a connection that the peer has closed raises no SIGPIPE in this
// thread: OpenSSL cannot be told to write without.
class NoSigpipe {
 public:
  NoSigpipe();
  ~NoSigpipe();
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t before_{};
};

class HttpSocket {
 public:
  static constexpr std::size_t kFirstLineMax = 512;
  static constexpr std::size_t kLineMax = 16u << 10;

  // `tls` is nullptr for a plain connection. `silence_max`: how long each wait may last. From here
  // on the socket does not block.
  HttpSocket(int socket, SSL* tls, Duration silence_max);

  // Reads at least one byte, at most `size`. 0 at the end of the connection, -1 on an error or
  // after too much silence. Bytes asked for one by one are lines: too long a one is an error, and
  // a line of the head that ends in a bare line feed is given as if it ended in CRLF, and a percent
  // sign in a field's value is encoded.
  long Read(char* into, std::size_t size);
  // Sends all of `bytes` and gives their number. After the peer has hung up or given its final
  // answer it still says so, and sends nothing (RFC 9112 section 9.5): what the peer said can then
  // be read.
  long Write(std::string_view bytes);

  // Waits for bytes to read.
  bool IsReadable();

  // True unless the peer hung up or said more than was read: another exchange would misread it.
  bool IsReusable();

 private:
  enum class Said { kNothing, kInterim, kAnswer };  // the end of the connection is an answer, too

  int Wait(short events, Duration span);
  std::optional<long> WriteSome(std::string_view bytes);
  Said Listen();
  long Fill();
  std::optional<long> ReadSome();
  bool Follow(char next);
  bool LacksCarriageReturn() const;

  int socket_;
  SSL* tls_;
  Duration silence_max_;
  std::string buffer_;
  std::size_t used_ = 0;  // of buffer_
  std::size_t line_ = 0;  // bytes of the present line
  bool first_line_ = true;
  bool empty_line_ = true;  // so far
  bool in_head_ = true;
  bool in_value_ = false;     // of a field
  bool is_continue_ = false;  // the status line said 100
  std::string_view owed_;     // to be given before what is in the buffer
  char last_ = 0;             // given
  bool hung_up_ = false;
};

}  // namespace drydock::publisher
