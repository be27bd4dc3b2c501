#include "tests/support/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace drydock::testing {
namespace {

void Trust(SSL_CTX* context, const std::string& ca_pem) {
  BIO* text = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
  if (X509* ca = PEM_read_bio_X509(text, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
    X509_free(ca);
  }
  BIO_free(text);
}

}  // namespace

TlsClient::TlsClient(std::uint16_t port, const std::string& ca_pem, const std::string& name,
                     std::chrono::milliseconds patience)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      context_(SSL_CTX_new(TLS_client_method())),
      session_(nullptr) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval span{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
  // A connection that was not made shows in the handshake.
  static_cast<void>(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  Trust(context_, ca_pem);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  session_ = SSL_new(context_);
  SSL_set_fd(session_, fd_);
  std::array<unsigned char, 16> bytes;
  if (::inet_pton(name.find(':') == std::string::npos ? AF_INET : AF_INET6, name.c_str(),
                  bytes.data()) == 1) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_), name.c_str());
  } else {
    SSL_set_tlsext_host_name(session_, name.c_str());
    SSL_set1_host(session_, name.c_str());
  }
  ERR_clear_error();
  errno = 0;
  ok_ = SSL_connect(session_) == 1;
  if (!ok_) {
    const int error = errno;
    const int reason = ERR_GET_REASON(ERR_peek_error());
    constexpr int kAlerts = 1000;  // OpenSSL adds it to the number of an alert
    alert_ = reason > kAlerts && reason < kAlerts + 256 ? reason - kAlerts : 0;
    end_ = error == ECONNRESET ? TlsEnd::kReset : TlsEnd::kStillOpen;
    const long verdict = SSL_get_verify_result(session_);
    why_ = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : "no handshake";
  }
}

TlsClient::~TlsClient() {
  SSL_free(session_);
  SSL_CTX_free(context_);
  ::close(fd_);
}

bool TlsClient::Quiet(std::chrono::milliseconds span) const {
  pollfd watched{fd_, POLLIN, 0};
  return ::poll(&watched, 1, static_cast<int>(span.count())) == 0;
}

bool TlsClient::Send(std::string_view bytes) {
  std::size_t sent = 0;
  return ok_ && SSL_write_ex(session_, bytes.data(), bytes.size(), &sent) == 1;
}

bool TlsClient::Fill() {
  std::array<char, 16'384> piece;
  std::size_t got = 0;
  ERR_clear_error();
  errno = 0;
  const int done = SSL_read_ex(session_, piece.data(), piece.size(), &got);
  if (done == 1) {
    held_.append(piece.data(), got);
    return true;
  }
  switch (SSL_get_error(session_, done)) {
    case SSL_ERROR_ZERO_RETURN:
      end_ = TlsEnd::kGoodbye;
      break;
    case SSL_ERROR_SYSCALL:
      end_ = errno == ECONNRESET ? TlsEnd::kReset : TlsEnd::kStillOpen;
      break;
    default:
      end_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                 ? TlsEnd::kFinAlone
                 : TlsEnd::kStillOpen;
  }
  return false;
}

std::string TlsClient::ReadToEnd() {
  while (Fill()) {
  }
  return std::move(held_);
}

std::string TlsClient::ReadThrough(std::string_view mark) {
  std::size_t at = held_.find(mark);
  while (at == std::string::npos) {
    if (!Fill()) {
      return "";
    }
    at = held_.find(mark);
  }
  std::string taken = held_.substr(0, at + mark.size());
  held_.erase(0, taken.size());
  return taken;
}

}  // namespace drydock::testing
