// Registry logins as docker keeps them. Threads: values and pure functions.
// Source: docker's config.json ("auths").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock::publisher {

struct Credential {
  std::string username;
  std::string secret;  // password or access token; never printed, never journaled
};

// By registry as it stands in references: "docker.io", "ghcr.io", "127.0.0.1:5000".
using Credentials = std::map<std::string, Credential, std::less<>>;

// Reads the "auths" of a config.json. Docker Hub's key (https://index.docker.io/v1/) becomes
// "docker.io". Entries without a secret (a credential helper keeps it) are left out. kInvalid with
// `source` and the line when the text is no such file; no secret ever stands in the message.
Result<Credentials> ReadDockerConfig(std::string_view text, std::string_view source);

// The helper that keeps the secret for `registry` ("credHelpers" before "credsStore"), as in
// docker-credential-NAME; "" when the file names none.
std::string CredentialHelperFor(std::string_view text, std::string_view registry);
// What a helper is asked about `registry`: its own name, but for Docker Hub.
std::string CredentialHelperKey(std::string_view registry);
// A helper's answer to `get`. kInvalid when it is none, or an identity token, which drydock does
// not take; no part of the answer stands in the message.
Result<Credential> ReadHelperAnswer(std::string_view answer);

}  // namespace drydock::publisher
