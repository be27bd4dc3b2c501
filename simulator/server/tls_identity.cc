#include "simulator/server/tls_identity.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "core/text.h"
#include "simulator/server/socket.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kCertificatesMax = 256;
constexpr std::size_t kNameBytesMax = 253;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

bool IsAddress(const std::string& name) {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

// Names come from peers: nothing but a host name or an address may get into a certificate.
bool IsCertifiable(const std::string& name) {
  constexpr std::string_view kMarks = ".-_";
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kNameBytesMax &&
         (IsAddress(name) || std::all_of(name.begin(), name.end(), fits));
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A certificate without extensions and signature. Null `issuer`: its own.
Certificate Blank(const std::string& common_name, EVP_PKEY* key, X509* issuer, TimePoint now) {
  Certificate certificate(X509_new());
  std::array<unsigned char, 16> serial;
  if (certificate == nullptr || RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) {
    return nullptr;
  }
  serial[0] &= 0x7fU;  // positive
  std::unique_ptr<BIGNUM, Freed<BN_free>> number(
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  constexpr long kDay = 86'400;
  time_t from = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() - kDay;
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const bool made =
      number != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
      X509_time_adj_ex(X509_getm_notBefore(certificate.get()), 0, 0, &from) != nullptr &&
      X509_time_adj_ex(X509_getm_notAfter(certificate.get()), 730, 0, &from) != nullptr &&
      X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>("drydock"), -1, -1,
                                 0) == 1 &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                                 -1, 0) == 1 &&
      X509_set_issuer_name(certificate.get(),
                           issuer == nullptr ? name : X509_get_subject_name(issuer)) == 1 &&
      X509_set_pubkey(certificate.get(), key) == 1;
  return made ? std::move(certificate) : nullptr;
}

Certificate MakeAuthority(EVP_PKEY* key, TimePoint now) {
  Certificate ca = Blank("drydock certificate authority", key, nullptr, now);
  const bool made =
      ca != nullptr &&
      AddExtension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      AddExtension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      AddExtension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
      X509_sign(ca.get(), key, EVP_sha256()) > 0;
  return made ? std::move(ca) : nullptr;
}

// The server's session asks through this which address it came to.
std::string AddressOf(SSL* session) {
  const int fd = static_cast<int>(reinterpret_cast<std::intptr_t>(SSL_get_app_data(session)));
  return LocalEndpoint(fd).address;
}

int PreferHttp1(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned int offered_size, void* /*nothing*/) {
  static constexpr unsigned char kHttp1[] = "\x08http/1.1";
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, kHttp1,
                                          sizeof kHttp1 - 1, offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

struct TlsIdentity::Parts {
  // Called within a handshake, once the client's names are known.
  static int ShowCertificate(SSL* session, void* parts) {
    return static_cast<Parts*>(parts)->Show(session) ? 1 : 0;
  }

  bool Show(SSL* session) {
    const char* asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    const std::string name = asked == nullptr ? AddressOf(session) : ToLower(asked);
    const std::lock_guard lock(mutex);
    X509* shown = base.get();
    if (!Covers(name) && IsCertifiable(name)) {
      auto made = others.find(name);
      if (made == others.end() && others.size() < kCertificatesMax) {
        if (Certificate certificate = Sign(name)) {
          made = others.emplace(name, std::move(certificate)).first;
        }
      }
      shown = made == others.end() ? shown : made->second.get();
    }
    return SSL_use_certificate(session, shown) == 1 && SSL_use_PrivateKey(session, key.get()) == 1;
  }

  bool Covers(const std::string& name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // A certificate for all of `names`, and for `extra` unless it is empty.
  Certificate Sign(const std::string& extra) {
    std::vector<std::string> alternatives;
    for (const std::string& name : names) {
      alternatives.push_back((IsAddress(name) ? "IP:" : "DNS:") + name);
    }
    if (!extra.empty()) {
      alternatives.push_back((IsAddress(extra) ? "IP:" : "DNS:") + extra);
    }
    Certificate leaf = Blank("drydock serve", key.get(), ca.get(), now);
    const bool made =
        leaf != nullptr &&
        AddExtension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE") &&
        AddExtension(leaf.get(), ca.get(), NID_key_usage, "critical,digitalSignature") &&
        AddExtension(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth") &&
        AddExtension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid") &&
        AddExtension(leaf.get(), ca.get(), NID_subject_alt_name, Join(alternatives, ",")) &&
        X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0;
    return made ? std::move(leaf) : nullptr;
  }

  bool Furnish() {
    ca_key.reset(EVP_EC_gen("P-256"));
    key.reset(EVP_EC_gen("P-256"));
    ca = ca_key == nullptr || key == nullptr ? nullptr : MakeAuthority(ca_key.get(), now);
    base = ca == nullptr ? nullptr : Sign("");
    const Memory text(BIO_new(BIO_s_mem()));
    if (base == nullptr || text == nullptr || PEM_write_bio_X509(text.get(), ca.get()) != 1) {
      return false;
    }
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    pem.assign(bytes, static_cast<std::size_t>(size));
    context.reset(SSL_CTX_new(TLS_server_method()));
    if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
      return false;
    }
    // A FIN without a goodbye is told by the framing above, where it matters.
    SSL_CTX_set_options(context.get(),
                        SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_cert_cb(context.get(), &Parts::ShowCertificate, this);
    SSL_CTX_set_alpn_select_cb(context.get(), &PreferHttp1, nullptr);
    return true;
  }

  std::vector<std::string> names;
  TimePoint now;
  Key ca_key;
  Key key;  // of every server certificate
  Certificate ca;
  Certificate base;
  std::string pem;
  std::mutex mutex;
  std::map<std::string, Certificate> others;  // by the name they have beside those of `names`
  Context context;
};

TlsIdentity::TlsIdentity(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TlsIdentity::~TlsIdentity() = default;

Result<std::unique_ptr<TlsIdentity>> TlsIdentity::Make(const std::vector<std::string>& names,
                                                       TimePoint now) {
  auto parts = std::make_unique<Parts>();
  parts->now = now;
  for (const std::string& name : names) {
    if (!IsCertifiable(name)) {
      return Error(ErrorCode::kInvalid, "certificate: not a host name or address: " + name);
    }
    if (!parts->Covers(name)) {
      parts->names.push_back(name);
    }
  }
  if (!parts->Furnish()) {
    std::array<char, 256> reason{};
    ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
    return Error(ErrorCode::kInternal, Concat({"certificate: ", reason.data()}));
  }
  return std::unique_ptr<TlsIdentity>(new TlsIdentity(std::move(parts)));
}

const std::string& TlsIdentity::ca_pem() const { return parts_->pem; }

SSL* TlsIdentity::NewSession() const {
  SSL* session = SSL_new(parts_->context.get());
  if (session != nullptr) {
    SSL_set_accept_state(session);
  }
  return session;
}

std::vector<std::string> UsualTlsNames() {
  return {"localhost",      "127.0.0.1",       "::1",
          "docker.io",      "index.docker.io", "registry-1.docker.io",
          "hub.docker.com", "auth.docker.io",  "production.cloudflare.docker.com"};
}

}  // namespace drydock::simulator
