#include "simulator/server/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

// To whoever speaks plain HTTP to a TLS port, in the words Go's servers use.
constexpr std::string_view kPlainSpoken =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

Socket& SocketOf(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

int WriteToSocket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = SocketOf(bio).WriteNow({bytes, static_cast<std::size_t>(size)});
  if (sent && !*sent) {
    BIO_set_retry_write(bio);
  }
  return sent && *sent ? static_cast<int>(**sent) : -1;
}

int ReadFromSocket(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = SocketOf(bio).ReadNow({into, static_cast<std::size_t>(size)});
  if (got && !*got) {
    BIO_set_retry_read(bio);
  } else if (got && **got == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  }
  return got && *got ? static_cast<int>(**got) : -1;
}

long Control(BIO* bio, int what, long /*number*/, void* /*pointer*/) {
  if (what == BIO_CTRL_EOF) {
    return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) == 0 ? 0 : 1;
  }
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

// OpenSSL's own socket BIO would raise SIGPIPE and wants a descriptor that does not block.
BIO_METHOD* SocketMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "drydock socket");
    BIO_meth_set_write(made, WriteToSocket);
    BIO_meth_set_read(made, ReadFromSocket);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

}  // namespace

TlsStream::TlsStream(int fd, const TlsIdentity& identity, Clock& clock)
    : socket_(fd, clock), greeting_{fd, {}, {}, false}, session_(identity.NewSession(greeting_)) {
  BIO* bio = session_ == nullptr ? nullptr : BIO_new(SocketMethod());
  if (bio == nullptr) {
    failed_ = true;
    return;
  }
  BIO_set_data(bio, &socket_);
  BIO_set_init(bio, 1);
  SSL_set_bio(session_, bio, bio);
}

TlsStream::~TlsStream() { SSL_free(session_); }

void TlsStream::SetPatience(Deadline until, Duration stall) { socket_.SetPatience(until, stall); }

Error TlsStream::Failure(std::string_view doing) {
  const bool in_handshake = session_ == nullptr || SSL_is_init_finished(session_) == 0;
  const unsigned long code = ERR_peek_last_error();
  failed_ = true;
  if (code == 0) {
    return Error(ErrorCode::kAmbiguous, Concat({doing, ": the connection broke"}));
  }
  if (in_handshake && ERR_GET_LIB(code) == ERR_LIB_SSL &&
      ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST) {
    // A client that is gone cannot be told.
    static_cast<void>(socket_.Write(kPlainSpoken));
  }
  const char* reason = ERR_reason_error_string(code);
  return Error(ErrorCode::kInvalid, Concat({in_handshake ? "TLS handshake failed: " : "TLS: ",
                                            reason == nullptr ? "unknown reason" : reason}));
}

Result<std::optional<std::size_t>> TlsStream::ReadNow(std::span<char> into) {
  while (!failed_) {
    ERR_clear_error();
    std::size_t got = 0;
    const int done = SSL_read_ex(session_, into.data(), into.size(), &got);
    switch (done == 1 ? SSL_ERROR_NONE : SSL_get_error(session_, done)) {
      case SSL_ERROR_NONE:
        return std::optional(got);
      case SSL_ERROR_WANT_READ:
        return std::optional<std::size_t>();
      case SSL_ERROR_ZERO_RETURN:
        return std::optional<std::size_t>(0);
      case SSL_ERROR_WANT_X509_LOOKUP:  // a rule lets the handshake stand still
        failed_ = true;
        return std::optional<std::size_t>();
      case SSL_ERROR_WANT_WRITE:  // of the handshake
        if (const Status room = socket_.AwaitRoom(); !room) {
          return room.error();
        }
        break;
      default:
        return Failure("read");
    }
  }
  return socket_.ReadNow(into);  // to be dropped before the connection is closed
}

Status TlsStream::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (failed_) {
      return Error(ErrorCode::kAmbiguous, "write: the TLS session failed before");
    }
    ERR_clear_error();
    std::size_t sent = 0;
    const int done = SSL_write_ex(session_, bytes.data(), bytes.size(), &sent);
    Status waited = Ok{};
    switch (done == 1 ? SSL_ERROR_NONE : SSL_get_error(session_, done)) {
      case SSL_ERROR_NONE:
        bytes.remove_prefix(sent);
        break;
      case SSL_ERROR_WANT_WRITE:
        waited = socket_.AwaitRoom();
        break;
      case SSL_ERROR_WANT_READ:
        waited = socket_.AwaitBytes();
        break;
      default:
        return Failure("write");
    }
    if (!waited) {
      return waited;
    }
  }
  return Ok{};
}

void TlsStream::Finish() {
  if (!failed_ && SSL_is_init_finished(session_) == 1) {
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(session_));  // one way: the peer's goodbye is not waited for
  }
  socket_.Finish();
}

std::string TlsStream::server_name() const {
  const char* name =
      session_ == nullptr ? nullptr : SSL_get_servername(session_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : ToLower(name);
}

}  // namespace drydock::simulator
