#include "publisher/registry/credentials.h"

#include "core/json.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kDockerHub = "docker.io";

// "https://index.docker.io/v1/" is "docker.io", "https://ghcr.io/v2/" is "ghcr.io".
std::string RegistryOfKey(std::string_view key) {
  const std::size_t scheme = key.find("://");
  if (scheme != std::string_view::npos) {
    key.remove_prefix(scheme + 3);
  }
  const std::string host = ToLower(key.substr(0, key.find('/')));
  const bool hub = host == "index.docker.io" || host == "registry-1.docker.io";
  return hub ? std::string(kDockerHub) : host;
}

Error Invalid(std::string_view source, std::size_t line, std::string_view what) {
  return Error(ErrorCode::kInvalid,
               Concat({source, ":", std::to_string(line), ": docker config: ", what}));
}

// json::Parse quotes the offending text, which may be a secret: of its message only the line stays.
Error WithoutSecrets(const Error& error, std::string_view source) {
  const std::string_view message = error.message();
  std::size_t line = 0;
  if (message.size() > source.size()) {
    const std::string_view rest = message.substr(source.size() + 1);
    line = static_cast<std::size_t>(
        ParseUnsigned(rest.substr(0, rest.find_first_not_of("0123456789"))).value_or(0));
  }
  return Invalid(source, line, "not JSON");
}

// The login of one entry; a Credential without secret when the entry holds none.
Result<Credential> LoginOf(const json::Member& entry, std::string_view source) {
  const json::Value& value = entry.value;
  Credential credential;
  credential.username = std::string(value.Text("username"));
  credential.secret = std::string(value.Text("password"));
  const std::string_view packed = value.Text("auth");
  if (!credential.secret.empty() || packed.empty()) {
    return credential;
  }
  const auto pair = FromBase64(packed);
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return Invalid(source, value.line(),
                   Concat({"\"auth\" must be the base64 of user:password: ", entry.key}));
  }
  credential.username = pair->substr(0, colon);
  credential.secret = pair->substr(colon + 1);
  return credential;
}

}  // namespace

Result<Credentials> ReadDockerConfig(std::string_view text, std::string_view source) {
  const auto parsed = json::Parse(text, source);
  if (!parsed) {
    return WithoutSecrets(parsed.error(), source);
  }
  if (parsed->as_object() == nullptr) {
    return Invalid(source, parsed->line(), "expected an object");
  }
  Credentials credentials;
  const json::Value* auths = parsed->Find("auths");
  if (auths == nullptr || auths->is_null()) {
    return credentials;
  }
  if (auths->as_object() == nullptr) {
    return Invalid(source, auths->line(), "\"auths\" must be an object");
  }
  for (const json::Member& entry : *auths->as_object()) {
    if (entry.value.as_object() == nullptr) {
      return Invalid(source, entry.line, Concat({"expected an object for ", entry.key}));
    }
    auto login = LoginOf(entry, source);
    if (!login) {
      return std::move(login).error();
    }
    if (!login->secret.empty()) {
      credentials.insert_or_assign(RegistryOfKey(entry.key), std::move(*login));
    }
  }
  return credentials;
}

std::string CredentialHelperFor(std::string_view text, std::string_view registry) {
  const auto parsed = json::Parse(text, "config.json");
  if (!parsed) {
    return {};
  }
  const json::Value* helpers = parsed->Find("credHelpers");
  if (helpers != nullptr && helpers->as_object() != nullptr) {
    for (const json::Member& entry : *helpers->as_object()) {
      if (RegistryOfKey(entry.key) == registry && entry.value.as_string() != nullptr) {
        return *entry.value.as_string();
      }
    }
  }
  return std::string(parsed->Text("credsStore"));
}

std::string CredentialHelperKey(std::string_view registry) {
  return registry == kDockerHub ? "https://index.docker.io/v1/" : std::string(registry);
}

Result<Credential> ReadHelperAnswer(std::string_view answer) {
  const auto parsed = json::Parse(answer, "answer");
  const Credential credential{parsed ? std::string(parsed->Text("Username")) : "",
                              parsed ? std::string(parsed->Text("Secret")) : ""};
  if (credential.secret.empty()) {
    return Error(ErrorCode::kInvalid, "no user name and secret in its answer");
  }
  if (credential.username == "<token>") {
    return Error(ErrorCode::kInvalid,
                 "it keeps an identity token; log in with a password or an access token");
  }
  return credential;
}

}  // namespace drydock::publisher
