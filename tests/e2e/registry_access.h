// `drydock serve` as the matrix of clients meets it, and what a client is told of it. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/served.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

enum class Against {
  kStrict,     // personality strict, plain HTTP, Bearer tokens
  kDockerHub,  // personality docker-hub, TLS, tokens, blobs by way of the CDN
};

std::string_view NameOf(Against against);

// A name that the server's certificate is for; who is to find it there needs it in /etc/hosts.
inline constexpr char kHubName[] = "registry-1.docker.io";

// The one account there is.
inline constexpr char kUser[] = "acme";
inline constexpr char kPassword[] = "right-horse";

struct RegistryAccess {
  std::string host;     // "127.0.0.1:40123"
  std::string ca_file;  // that its certificate is of; empty: plain HTTP
  std::string user;
  std::string password;
};

// A server with `flags` beside those of the personality; what it needs and writes is in `folder`.
std::unique_ptr<Served> ServeAs(Against against, const TempFolder& folder,
                                std::vector<std::string> flags);

// To a server of ServeAs with the same folder, by a name that has no port: "localhost".
RegistryAccess AccessTo(const Served& server, Against against, const TempFolder& folder,
                        std::string_view name, std::string_view password = kPassword);

// The login as docker's config.json and the auth.json of others have it.
std::string AuthFile(const RegistryAccess& access);

}  // namespace drydock::testing
