#include "tests/unit/publisher/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "core/text.h"

namespace drydock::publisher {
namespace {

void Require(bool good) {
  if (!good) {
    std::abort();
  }
}

sockaddr_in Loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int BoundSocket(int& port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback();
  socklen_t size = sizeof(address);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  Require(socket_fd >= 0 && bind(socket_fd, plain, size) == 0 &&
          getsockname(socket_fd, plain, &size) == 0);
  port = ntohs(address.sin_port);
  return socket_fd;
}

KeyAndCertificate MakeCertificate(const std::string& name, const KeyAndCertificate* issuer,
                                  int extension, const std::string& value) {
  KeyAndCertificate made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* signer = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509V3_CTX context;
  X509V3_set_ctx(&context, signer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* made_extension = X509V3_EXT_conf_nid(nullptr, &context, extension, value.c_str());
  Require(made_extension != nullptr);
  X509_add_ext(certificate, made_extension, -1);
  X509_EXTENSION_free(made_extension);
  EVP_PKEY* key = issuer == nullptr ? made.key.get() : issuer->key.get();
  Require(X509_sign(certificate, key, EVP_sha256()) > 0);
  return made;
}

}  // namespace

RawServer::RawServer(std::string reply, After after, const KeyAndCertificate* identity)
    : reply_(std::move(reply)), after_(after), identity_(identity) {
  listener_ = BoundSocket(port_);
  Require(listen(listener_, 8) == 0 && pipe(wake_) == 0);
  thread_ = std::thread([this] { Run(); });
}

RawServer::~RawServer() {
  Require(write(wake_[1], "x", 1) == 1);
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) {
    close(fd);
  }
}

std::string RawServer::Url(const std::string& path) const {
  return Concat({"http://127.0.0.1:", std::to_string(port_), path});
}

void RawServer::Run() {
  std::vector<int> held;
  while (true) {
    std::array<pollfd, 2> waiting = {{{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[1].revents != 0) {
      break;
    }
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) {
      continue;
    }
    ++connections_;
    identity_ == nullptr ? Serve(peer) : ServeTls(peer);
    if (after_ == After::kReset) {
      const linger abort_at_once = {1, 0};
      setsockopt(peer, SOL_SOCKET, SO_LINGER, &abort_at_once, sizeof(abort_at_once));
      close(peer);
      continue;
    }
    if (after_ == After::kClose) {
      // A close() with bytes of the request unread would send a reset.
      shutdown(peer, SHUT_WR);
    }
    held.push_back(peer);
  }
  for (const int peer : held) {
    close(peer);
  }
}

void RawServer::Serve(int peer) {
  std::string request;
  std::array<char, 4096> piece{};
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t size = recv(peer, piece.data(), piece.size(), 0);
    if (size <= 0) {
      return;
    }
    request.append(piece.data(), static_cast<std::size_t>(size));
  }
  std::string_view rest = reply_;
  while (!rest.empty()) {
    const ssize_t size = send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      return;
    }
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
}

void RawServer::ServeTls(int peer) {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()),
                                                             SSL_CTX_free);
  Require(SSL_CTX_use_certificate(context.get(), identity_->certificate.get()) == 1 &&
          SSL_CTX_use_PrivateKey(context.get(), identity_->key.get()) == 1);
  const std::unique_ptr<SSL, void (*)(SSL*)> tls(SSL_new(context.get()), SSL_free);
  SSL_set_fd(tls.get(), peer);
  std::string request;
  std::array<char, 4096> piece{};
  int size = SSL_accept(tls.get()) == 1 ? 1 : 0;
  while (size > 0 && request.find("\r\n\r\n") == std::string::npos) {
    size = SSL_read(tls.get(), piece.data(), static_cast<int>(piece.size()));
    request.append(piece.data(), static_cast<std::size_t>(std::max(size, 0)));
  }
  if (size > 0) {
    SSL_write(tls.get(), reply_.data(), static_cast<int>(reply_.size()));
  }
}

int UnusedPort() {
  int port = 0;
  close(BoundSocket(port));
  return port;
}

KeyAndCertificate MakeAuthority() {
  return MakeCertificate("drydock test authority", nullptr, NID_basic_constraints,
                         "critical,CA:TRUE");
}

KeyAndCertificate MakeServerCertificate(const KeyAndCertificate& authority,
                                        const std::string& alternative_name) {
  return MakeCertificate("drydock test server", &authority, NID_subject_alt_name, alternative_name);
}

std::string ToPem(const X509& certificate) {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(memory.get(), const_cast<X509*>(&certificate));
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace drydock::publisher
