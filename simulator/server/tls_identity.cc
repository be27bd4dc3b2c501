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
Certificate Blank(const std::string& common_name, EVP_PKEY* key, X509* issuer, TimePoint now,
                  long days = 730) {
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
      X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(days), 0, &from) !=
          nullptr &&
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

Certificate MakeAuthority(const std::string& name, EVP_PKEY* key, TimePoint now) {
  Certificate ca = Blank(name, key, nullptr, now);
  const bool made =
      ca != nullptr &&
      AddExtension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      AddExtension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      AddExtension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
      X509_sign(ca.get(), key, EVP_sha256()) > 0;
  return made ? std::move(ca) : nullptr;
}

TlsGreeting& GreetingOf(SSL* session) {
  return *static_cast<TlsGreeting*>(SSL_get_app_data(session));
}

// The server's session asks through this which address it came to.
std::string AddressOf(SSL* session) { return LocalEndpoint(GreetingOf(session).fd).address; }

// What can be wrong with a certificate.
enum class Flaw { kNone, kWrongName, kExpired, kUntrusted };

Flaw FlawOf(const std::optional<ConnectFault>& fault) {
  using Kind = ConnectFault::Kind;
  return !fault                            ? Flaw::kNone
         : fault->kind == Kind::kWrongName ? Flaw::kWrongName
         : fault->kind == Kind::kExpired   ? Flaw::kExpired
         : fault->kind == Kind::kUntrusted ? Flaw::kUntrusted
                                           : Flaw::kNone;
}

// Asks, as soon as the name is known, whether this handshake is to fail.
int Greet(SSL* session, int* alert, void* /*nothing*/) {
  TlsGreeting& greeting = GreetingOf(session);
  if (greeting.ask && !std::exchange(greeting.asked, true)) {
    const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    greeting.fault = greeting.ask(name == nullptr ? "" : ToLower(name));
  }
  if (greeting.fault && greeting.fault->kind == ConnectFault::Kind::kTlsAlert) {
    *alert = AlertOf(*greeting.fault);
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return SSL_TLSEXT_ERR_NOACK;
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
    constexpr int kStandStill = -1;
    const std::optional<ConnectFault>& fault = GreetingOf(session).fault;
    if (fault && (IsSilent(*fault) || fault->kind == ConnectFault::Kind::kReset)) {
      return kStandStill;
    }
    return static_cast<Parts*>(parts)->Show(session, FlawOf(fault)) ? 1 : 0;
  }

  bool Show(SSL* session, Flaw flaw) {
    const char* asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    const std::string name = asked == nullptr ? AddressOf(session) : ToLower(asked);
    const std::lock_guard lock(mutex);
    X509* shown = base.get();
    if (flaw != Flaw::kNone || (!Covers(name) && IsCertifiable(name))) {
      const std::string extra = IsCertifiable(name) && !Covers(name) ? name : "";
      const auto place = std::pair(flaw, extra);
      auto made = others.find(place);
      if (made == others.end() && others.size() < kCertificatesMax) {
        if (Certificate certificate = Sign(extra, flaw)) {
          made = others.emplace(place, std::move(certificate)).first;
        }
      }
      if (made == others.end() && flaw != Flaw::kNone) {
        return false;  // rather none than a good one
      }
      shown = made == others.end() ? shown : made->second.get();
    }
    return SSL_use_certificate(session, shown) == 1 && SSL_use_PrivateKey(session, key.get()) == 1;
  }

  bool Covers(const std::string& name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // A certificate for all of `names`, and for `extra` unless it is empty; or one that is wrong.
  Certificate Sign(const std::string& extra, Flaw flaw) {
    std::vector<std::string> alternatives;
    if (flaw == Flaw::kWrongName) {
      alternatives.emplace_back("DNS:another-host.invalid");
    } else {
      for (const std::string& name : names) {
        alternatives.push_back((IsAddress(name) ? "IP:" : "DNS:") + name);
      }
      if (!extra.empty()) {
        alternatives.push_back((IsAddress(extra) ? "IP:" : "DNS:") + extra);
      }
    }
    constexpr Duration kYear = std::chrono::hours(365 * 24);
    const bool expired = flaw == Flaw::kExpired;
    X509* const issuer = flaw == Flaw::kUntrusted ? stranger.get() : ca.get();
    Certificate leaf = expired ? Blank("drydock serve", key.get(), issuer, now - kYear, 90)
                               : Blank("drydock serve", key.get(), issuer, now);
    const bool made =
        leaf != nullptr &&
        AddExtension(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
        AddExtension(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
        AddExtension(leaf.get(), issuer, NID_ext_key_usage, "serverAuth") &&
        AddExtension(leaf.get(), issuer, NID_authority_key_identifier, "keyid") &&
        AddExtension(leaf.get(), issuer, NID_subject_alt_name, Join(alternatives, ",")) &&
        X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0;
    return made ? std::move(leaf) : nullptr;
  }

  bool Furnish() {
    ca_key.reset(EVP_EC_gen("P-256"));
    key.reset(EVP_EC_gen("P-256"));
    const bool keys = ca_key != nullptr && key != nullptr;
    ca = keys ? MakeAuthority("drydock certificate authority", ca_key.get(), now) : nullptr;
    stranger = keys ? MakeAuthority("an authority nobody knows", ca_key.get(), now) : nullptr;
    base = ca == nullptr || stranger == nullptr ? nullptr : Sign("", Flaw::kNone);
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
    SSL_CTX_set_tlsext_servername_callback(context.get(), &Greet);
    SSL_CTX_set_cert_cb(context.get(), &Parts::ShowCertificate, this);
    SSL_CTX_set_alpn_select_cb(context.get(), &PreferHttp1, nullptr);
    return true;
  }

  std::vector<std::string> names;
  TimePoint now;
  Key ca_key;
  Key key;  // of every server certificate
  Certificate ca;
  Certificate stranger;  // the authority of certificates nobody is to trust
  Certificate base;
  std::string pem;
  std::mutex mutex;
  // By what is wrong with them, and the name they have beside those of `names`.
  std::map<std::pair<Flaw, std::string>, Certificate> others;
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

SSL* TlsIdentity::NewSession(TlsGreeting& greeting) const {
  SSL* session = SSL_new(parts_->context.get());
  if (session != nullptr) {
    SSL_set_accept_state(session);
    SSL_set_app_data(session, &greeting);
  }
  return session;
}

std::vector<std::string> UsualTlsNames() {
  return {"localhost",      "127.0.0.1",       "::1",
          "docker.io",      "index.docker.io", "registry-1.docker.io",
          "hub.docker.com", "auth.docker.io",  "production.cloudflare.docker.com"};
}

}  // namespace drydock::simulator
