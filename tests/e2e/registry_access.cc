#include "tests/e2e/registry_access.h"

#include "core/text.h"

namespace drydock::testing {

std::string_view NameOf(Against against) {
  return against == Against::kStrict ? "strict" : "docker-hub";
}

std::unique_ptr<Served> ServeAs(Against against, const TempFolder& folder,
                                std::vector<std::string> flags) {
  const std::string accounts =
      Concat({R"({"accounts": [{"name": ")", kUser, R"(", "password": ")", kPassword, R"("}]})"});
  flags.insert(flags.end(), {"--personality", std::string(NameOf(against)), "--accounts",
                             folder.Write("accounts.json", accounts)});
  if (against == Against::kDockerHub) {
    flags.insert(flags.end(),
                 {"--host", "127.0.0.1", "--host", "::1", "--ca-out", folder.At("ca.crt")});
  }
  return std::make_unique<Served>(flags);
}

RegistryAccess AccessTo(const Served& server, Against against, const TempFolder& folder,
                        std::string_view name, std::string_view password) {
  return {.host = Concat({name, ":", std::to_string(server.port())}),
          .ca_file = against == Against::kDockerHub ? folder.At("ca.crt") : "",
          .user = kUser,
          .password = std::string(password)};
}

std::string AuthFile(const RegistryAccess& access) {
  return Concat({R"({"auths": {")", access.host, R"(": {"auth": ")",
                 Base64(Concat({access.user, ":", access.password})), R"("}}})"});
}

}  // namespace drydock::testing
