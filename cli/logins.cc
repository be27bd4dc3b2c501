#include "cli/logins.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/file.h"
#include "core/text.h"
#include "publisher/build/credential_helper.h"
#include "publisher/registry/session.h"

namespace drydock::cli {
namespace {

std::string DockerConfigFile(const std::string& docker_config) {
  if (!docker_config.empty()) {
    return docker_config + "/config.json";
  }
  const char* home = std::getenv("HOME");
  return Concat({home == nullptr ? "" : home, "/.docker/config.json"});
}

// Adds the login that the config's helper program keeps for `registry`, if it names one.
Status AddFromHelper(const std::string& config, const std::string& registry,
                     publisher::Credentials& logins) {
  const std::string helper = publisher::CredentialHelperFor(config, registry);
  if (helper.empty()) {
    return Ok{};
  }
  auto kept = publisher::AskCredentialHelper(helper, registry);
  if (!kept) {
    return std::move(kept).error();
  }
  if (*kept) {
    logins.insert_or_assign(registry, std::move(**kept));
  }
  return Ok{};
}

}  // namespace

Result<publisher::Credentials> FindLogins(const std::string& docker_config,
                                          const std::string& registry, bool must_write) {
  const std::string path = DockerConfigFile(docker_config);
  std::error_code ignored;
  const bool there = std::filesystem::exists(path, ignored);
  if (!there && !docker_config.empty()) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read"}));
  }
  publisher::Credentials logins;
  if (there) {
    const auto text = ReadWholeFile(path);
    if (!text) {
      return text.error();
    }
    auto read = publisher::ReadDockerConfig(*text, path);
    if (!read) {
      return read.error();
    }
    logins = std::move(*read);
    if (const Status asked = AddFromHelper(*text, registry, logins); !asked) {
      return asked.error().At(path);
    }
  }
  if (logins.count(registry) != 0 || publisher::IsLoopbackRegistry(registry)) {
    return logins;
  }
  const std::string missing = Concat({path, ": no login for ", registry, "; run: docker login",
                                      registry == "docker.io" ? "" : Concat({" ", registry})});
  if (registry == "docker.io" && must_write) {
    return Error(ErrorCode::kDenied, missing);
  }
  std::cerr << "drydock: note: " << missing << '\n';
  return logins;
}

std::set<std::string> PlainHttpRegistries(const std::string& registry, bool asked,
                                          const std::string& ca_file) {
  if (asked || (publisher::IsLoopbackRegistry(registry) && ca_file.empty())) {
    return {registry};
  }
  return {};
}

}  // namespace drydock::cli
