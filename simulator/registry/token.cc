#include "simulator/registry/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

// More tokens than a client has in hand at once.
constexpr std::size_t kTokensRemembered = 64;
constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

std::string Signature(std::string_view text, std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

std::int64_t Seconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

TimePoint AtSecond(const json::Value& claims, std::string_view key) {
  const json::Value* value = claims.Find(key);
  const auto seconds = value == nullptr ? std::nullopt : value->as_integer();
  return TimePoint(std::chrono::seconds(seconds.value_or(0)));
}

std::vector<Scope> ReadAccess(const json::Value& claims) {
  std::vector<Scope> access;
  const json::Value* list = claims.Find("access");
  if (list == nullptr || list->as_array() == nullptr) {
    return access;
  }
  for (const json::Value& entry : *list->as_array()) {
    Scope scope{std::string(entry.Text("type")), std::string(entry.Text("name")), {}};
    const json::Value* actions = entry.Find("actions");
    if (actions != nullptr && actions->as_array() != nullptr) {
      for (const json::Value& action : *actions->as_array()) {
        if (const std::string* name = action.as_string()) {
          scope.actions.push_back(*name);
        }
      }
    }
    access.push_back(std::move(scope));
  }
  return access;
}

// What a token grants that was signed with that secret, in time or not; nullopt for another.
std::optional<Grant> ReadToken(std::string_view token, std::string_view secret) {
  const std::size_t dot = token.rfind('.');
  const std::size_t first = token.find('.');
  if (dot == std::string_view::npos || first == dot) {
    return std::nullopt;
  }
  if (Base64Url(Signature(token.substr(0, dot), secret)) != token.substr(dot + 1)) {
    return std::nullopt;
  }
  const auto decoded = FromBase64(token.substr(first + 1, dot - first - 1));
  const auto claims =
      decoded ? json::Parse(*decoded, "token") : Error(ErrorCode::kInvalid, "token: not base64");
  if (!claims) {
    return std::nullopt;
  }
  Grant grant;
  grant.issuer = std::string(claims->Text("iss"));
  grant.audience = std::string(claims->Text("aud"));
  grant.account = std::string(claims->Text("sub"));
  grant.issued = AtSecond(*claims, "nbf");
  grant.expires = AtSecond(*claims, "exp");
  grant.id = std::string(claims->Text("jti"));
  grant.access = ReadAccess(*claims);
  return grant;
}

bool IsGood(const Grant& grant, std::string_view service, TimePoint now) {
  return grant.audience == service && now >= grant.issued && now < grant.expires;
}

}  // namespace

std::string Scope::ToString() const { return Concat({type, ":", name, ":", Join(actions, ",")}); }

std::optional<Scope> ParseScope(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  Scope scope{std::string(text.substr(0, first)),
              std::string(text.substr(first + 1, last - first - 1)),
              Split(text.substr(last + 1), ',')};
  std::erase(scope.actions, "");
  if (scope.type.empty() || scope.name.empty()) {
    return std::nullopt;
  }
  return scope;
}

bool Grant::Allows(std::string_view type, std::string_view name, std::string_view action) const {
  return std::any_of(access.begin(), access.end(), [&](const Scope& scope) {
    return scope.type == type && scope.name == name &&
           std::find(scope.actions.begin(), scope.actions.end(), action) != scope.actions.end();
  });
}

std::string SignToken(const Grant& grant, std::string_view secret) {
  Json claims;
  claims["iss"] = grant.issuer;
  claims["sub"] = grant.account;
  claims["aud"] = grant.audience;
  claims["iat"] = Seconds(grant.issued);
  claims["nbf"] = Seconds(grant.issued);
  claims["exp"] = Seconds(grant.expires);
  claims["jti"] = grant.id;
  claims["access"] = Json::array();
  for (const Scope& scope : grant.access) {
    claims["access"].push_back(
        Json{{"type", scope.type}, {"name", scope.name}, {"actions", scope.actions}});
  }
  const std::string text =
      Concat({Base64Url(kHeader), ".",
              Base64Url(claims.dump(-1, ' ', false, Json::error_handler_t::replace))});
  return Concat({text, ".", Base64Url(Signature(text, secret))});
}

std::optional<Grant> CheckToken(std::string_view token, std::string_view secret,
                                std::string_view service, TimePoint now) {
  auto grant = ReadToken(token, secret);
  return grant && IsGood(*grant, service, now) ? std::move(grant) : std::nullopt;
}

std::optional<Grant> TokenReader::Check(std::string_view token, std::string_view service,
                                        TimePoint now) {
  auto known = read_.find(token);
  if (known == read_.end()) {
    auto grant = ReadToken(token, secret_);
    if (!grant) {
      return std::nullopt;
    }
    if (read_.size() == kTokensRemembered) {
      read_.clear();
    }
    known = read_.emplace(token, std::move(*grant)).first;
  }
  return IsGood(known->second, service, now) ? std::optional(known->second) : std::nullopt;
}

}  // namespace drydock::simulator
