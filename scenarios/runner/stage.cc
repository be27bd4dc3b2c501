#include "scenarios/runner/stage.h"

#include <utility>

#include "core/http.h"
#include "core/text.h"
#include "simulator/registry/personalities.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kHubHost = "registry-1.docker.io";
constexpr std::string_view kTokenHost = "auth.docker.io";
constexpr std::string_view kHubName = "docker.io";  // as it stands in references
// The fake account's password and the key its tokens are signed with; no real secret.
constexpr std::string_view kPassword = "rehearsal";
constexpr std::string_view kTokenKey = "drydock-scenario-token-key";

simulator::TokenServiceOptions TokenOptions(const std::string& owner) {
  simulator::TokenServiceOptions options;
  options.rule = *simulator::DockerHubPersonality().tokens;
  options.secret = kTokenKey;
  options.accounts = {{owner, std::string(kPassword)}};
  return options;
}

simulator::HubApiOptions HubApiOptions(const std::string& owner) {
  return {std::string(kTokenKey), {{owner, std::string(kPassword)}}, Duration::zero()};
}

}  // namespace

Stage::Stage(StageSpec spec)
    : spec_(std::move(spec)),
      world_(spec_.seed, spec_.start),
      journal_(world_.clock()),
      faults_(spec_.rules, spec_.seed),
      hub_(std::string(kHubHost), simulator::DockerHubPersonality(), world_.clock(),
           world_.Fork("hub"), journal_, std::string(kTokenKey)),
      tokens_(TokenOptions(spec_.owner), hub_.store(), world_.clock(), world_.Fork("tokens")),
      cdn_(hub_.store(), world_.clock(), std::string(kTokenKey)),
      hub_api_(HubApiOptions(spec_.owner), hub_.store(), hub_.tag_history(), world_.clock(),
               world_.Fork("hub api")),
      npm_(world_.clock()),
      internet_(world_.clock(), journal_, faults_) {
  if (spec_.content != nullptr) {
    hub_.store() = *spec_.content;
  }
  internet_.Attach(std::string(kHubHost), hub_);
  internet_.Attach(std::string(kTokenHost), tokens_);
  internet_.Attach(std::string(simulator::kHubApiHost), hub_api_);
  if (const auto& cdn = hub_.personality().cdn) {
    internet_.Attach(cdn->host, cdn_);
  }
  if (const auto url = Url::Parse(spec_.npm_registry)) {
    internet_.Attach(url->host, npm_);
  }
}

Status Stage::PublishPackages() {
  for (const NpmVersionSpec& version : spec_.npm) {
    simulator::NpmVersion published;
    published.package = version.package;
    published.version = version.version;
    published.dependencies = version.dependencies;
    published.tarball_from = spec_.tarballs_late ? version.tarball_from : std::nullopt;
    const Status added = npm_.Publish(std::move(published));
    if (!added) {
      return added.error();
    }
    if (version.latest) {
      const Status tagged = npm_.SetDistTag(version.package, "latest", version.version);
      if (!tagged) {
        return tagged.error();
      }
    }
  }
  return Ok{};
}

publisher::Credentials Stage::credentials() const {
  return {{std::string(kHubName), {spec_.owner, std::string(kPassword)}}};
}

std::map<std::string, simulator::RegistryLogin> Stage::logins() const {
  return {{std::string(kHubName), {spec_.owner, std::string(kPassword)}}};
}

std::map<std::string, std::string> Stage::Tags(std::string_view repository) {
  internet_.Settle();
  std::map<std::string, std::string> tags;
  for (const auto& [tag, digest] : hub_.store().Tags(repository)) {
    tags[tag] = digest.ToString();
  }
  return tags;
}

std::map<std::string, std::string> Stage::AllTags() {
  std::map<std::string, std::string> all;
  for (const std::string& repository : hub_.store().Repositories()) {
    for (const auto& [tag, digest] : Tags(repository)) {
      all[Concat({repository, ":", tag})] = digest;
    }
  }
  return all;
}

std::vector<FaultReport> Stage::FaultReports() const {
  std::vector<FaultReport> reports;
  for (const simulator::RuleCount& count : faults_.Counts()) {
    reports.push_back({count.rule, count.offered, count.matched, count.fired, count.seen});
  }
  return reports;
}

}  // namespace drydock::scenarios
