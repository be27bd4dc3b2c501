#include "scenarios/runner/stage.h"

#include <utility>

#include "core/http.h"
#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/traits.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kHubHost = "registry-1.docker.io";
constexpr std::string_view kTokenHost = "auth.docker.io";
constexpr std::string_view kHubName = "docker.io";  // as it stands in references
// Requests and pauses of one play; more mean that no time passes and nothing ends.
constexpr std::uint64_t kTurnsMost = 2'000'000;
// The fake account's password and the key its tokens are signed with; no real secret.
constexpr std::string_view kPassword = "rehearsal";
constexpr std::string_view kTokenKey = "drydock-scenario-token-key";

simulator::Personality HubOf(const StageSpec& spec) {
  return simulator::Bent(simulator::DockerHubPersonality(), spec.traits);
}

simulator::TokenServiceOptions TokenOptions(const StageSpec& spec) {
  simulator::TokenServiceOptions options;
  options.rule = HubOf(spec).tokens.value_or(*simulator::DockerHubPersonality().tokens);
  options.secret = kTokenKey;
  options.accounts = {{spec.owner, std::string(kPassword)}};
  return options;
}

simulator::HubApiOptions HubApiOptions(const StageSpec& spec) {
  return {std::string(kTokenKey), {{spec.owner, std::string(kPassword)}}, spec.tag_list_lag};
}

// What a registry is like that a release names beside the Hub.
simulator::Personality PersonalityOf(std::string_view host) {
  const auto known = simulator::FindPersonality(host.substr(0, host.find('.')));
  return host.ends_with(".io") && known ? *known : simulator::StrictPersonality();
}

}  // namespace

struct Stage::Other {
  Other(const ImageReference& image, Stage& stage)
      : registry(image.registry, Personality(image), stage.clock(),
                 stage.world_.Fork(image.registry), stage.journal_, std::string(kTokenKey)),
        tokens({*registry.personality().tokens,
                std::string(kTokenKey),
                {{OwnerOf(image), std::string(kPassword)}},
                {}},
               registry.store(), stage.clock(), stage.world_.Fork(image.registry + " tokens")),
        cdn(registry.store(), stage.clock(), std::string(kTokenKey)),
        site(registry, &tokens, cdn) {}

  static simulator::Personality Personality(const ImageReference& image) {
    simulator::Personality personality = PersonalityOf(image.registry);
    personality.tokens->realm = "/token";
    return personality;
  }
  static std::string OwnerOf(const ImageReference& image) {
    return image.repository.substr(0, image.repository.find('/'));
  }

  simulator::Registry registry;
  simulator::TokenService tokens;
  simulator::Cdn cdn;
  simulator::SingleOriginHub site;
};

Stage::~Stage() = default;

Stage::Stage(StageSpec spec)
    : spec_(std::move(spec)),
      world_(spec_.seed, spec_.start),
      journal_(world_.clock()),
      faults_(spec_.rules, spec_.seed),
      hub_(std::string(kHubHost), HubOf(spec_), world_.clock(), world_.Fork("hub"), journal_,
           std::string(kTokenKey)),
      tokens_(TokenOptions(spec_), hub_.store(), world_.clock(), world_.Fork("tokens")),
      cdn_(hub_.store(), world_.clock(), std::string(kTokenKey)),
      hub_api_(HubApiOptions(spec_), hub_.store(), hub_.tag_history(), world_.clock(),
               world_.Fork("hub api")),
      npm_(world_.clock()),
      forge_(spec_.forge ? spec_.forge->token : ""),
      internet_(world_.clock(), journal_, faults_) {
  world_.Limit({spec_.start + spec_.deadline, kTurnsMost});
  if (spec_.content != nullptr) {
    hub_.store() = *spec_.content;
  }
  hub_.Admit({{spec_.owner, std::string(kPassword)}});
  internet_.Attach(std::string(kHubHost), hub_);
  internet_.Attach(std::string(kTokenHost), tokens_);
  internet_.Attach(std::string(simulator::kHubApiHost), hub_api_);
  if (const auto& cdn = hub_.personality().cdn) {
    internet_.Attach(cdn->host, cdn_);
  }
  for (const ImageReference& also : spec_.also) {
    if (also.registry != kHubName && others_.count(also.registry) == 0) {
      auto& other = others_[also.registry] = std::make_unique<Other>(also, *this);
      internet_.Attach(also.registry, other->site);
    }
  }
  if (const auto url = Url::Parse(spec_.npm_registry)) {
    internet_.Attach(url->host, npm_);
  }
  if (spec_.forge) {
    internet_.Attach(spec_.forge->host, forge_);
  }
}

std::string_view Stage::registry_host() { return kHubHost; }

Status Stage::Furnish() {
  std::vector<simulator::NpmRelease> releases = spec_.npm;
  if (!spec_.tarballs_late) {
    for (simulator::NpmRelease& release : releases) {
      release.tarball_from.reset();
    }
  }
  const Status published = simulator::Furnish(releases, npm_);
  return published && spec_.forge ? simulator::Furnish(*spec_.forge, forge_) : published;
}

std::unique_ptr<Transport> Stage::Connect(const std::string& address, const std::string& client) {
  return spec_.connect ? spec_.connect(internet_, world_, address, client)
                       : internet_.Connect(world_, address, client);
}

publisher::Credentials Stage::credentials() const {
  publisher::Credentials all = {{std::string(kHubName), {spec_.owner, std::string(kPassword)}}};
  for (const ImageReference& also : spec_.also) {
    all.insert({also.registry, {Other::OwnerOf(also), std::string(kPassword)}});
  }
  return all;
}

std::map<std::string, simulator::RegistryLogin> Stage::logins() const {
  std::map<std::string, simulator::RegistryLogin> all;
  for (const auto& [registry, login] : credentials()) {
    all[registry] = {login.username, login.secret};
  }
  return all;
}

const simulator::Store& Stage::StoreOf(std::string_view host) {
  const auto other = others_.find(host);
  return other == others_.end() ? hub_.store() : other->second->registry.store();
}

std::set<std::string, std::less<>> Stage::other_hosts() const {
  std::set<std::string, std::less<>> hosts;
  for (const auto& [host, other] : others_) {
    hosts.insert(host);
  }
  return hosts;
}

std::map<std::string, std::string> Stage::Tags(std::string_view repository) {
  internet_.Settle();
  std::map<std::string, std::string> tags;
  for (const auto& [tag, digest] : hub_.store().Tags(repository)) {
    tags[tag] = digest.ToString();
  }
  for (const ImageReference& also : spec_.also) {
    for (const auto& [tag, digest] : StoreOf(also.registry).Tags(also.repository)) {
      tags[Concat({also.Name(), ":", tag})] = digest.ToString();
    }
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
