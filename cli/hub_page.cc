// `drydock hub-page`: what Docker Hub's page of a repository says, as an explicit step of its own.
#include "publisher/release/hub_page.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/logins.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/text.h"
#include "publisher/registry/http_transport.h"
#include "publisher/release/verdict.h"

namespace drydock::cli {
namespace {

constexpr char kHubPageFooter[] =
    "Sends FILE as the full description (at most 25,000 characters) and, with --short, the short\n"
    "one (at most 100 bytes), with the login for docker.io; reads the page back. A publish does\n"
    "not do this: the release is good without it.\n"
    "\n"
    "Examples:\n"
    "  drydock hub-page DOCKER_HUB.md joakimp/opencode-devbox\n"
    "  drydock hub-page DOCKER_HUB.md joakimp/opencode-devbox --short \"opencode in a container\"\n"
    "  drydock hub-page DOCKER_HUB.md joakimp/opencode-devbox --check     only whether it fits\n"
    "\n"
    "Exit codes: 0 the page says so (also when it did already); 2 bad input, nothing was sent; 5\n"
    "failed, the page is as it was; 6 refused; 7 unknown.\n";

struct HubPageFlags {
  std::string file;
  std::string repository;
  std::string short_description;
  std::string docker_config;
  std::string ca_file;
  std::string api = "https://hub.docker.com";
  bool check = false;
};

int ExitCodeOfPage(const publisher::Failure& failure) {
  using publisher::Verdict;
  const bool refused = failure.persistence == publisher::Persistence::kDeterministic;
  return publisher::ExitCode(failure.next == publisher::NextMove::kAsk ? Verdict::kUnknown
                             : refused                                 ? Verdict::kRefused
                                                                       : Verdict::kNothingChanged);
}

int RunHubPage(const HubPageFlags& flags) {
  const auto text = ReadWholeFile(flags.file);
  if (!text) {
    return BadInput(text.error().message());
  }
  publisher::HubPage page{flags.repository, *text, std::nullopt};
  if (!flags.short_description.empty()) {
    page.short_description = flags.short_description;
  }
  if (const Status fits = publisher::CheckHubPage(page); !fits) {
    return BadInput(fits.error().message());
  }
  const auto api = Url::Parse(flags.api);
  if (!api) {
    return BadInput(api.error().At("--api").message());
  }
  if (flags.check) {
    std::cout << flags.file << " fits\n";
    return 0;
  }
  const auto logins = FindLogins(flags.docker_config, "docker.io", true);
  if (!logins) {
    return BadInput(logins.error().message());
  }
  SystemClock clock;
  Journal journal(clock);
  publisher::HttpTransport transport(clock, {.ca_file = flags.ca_file});
  const Rng rng(static_cast<std::uint64_t>(clock.Now().time_since_epoch().count()));
  publisher::HubPageClient hub(transport, clock, rng, journal, *api);
  const auto updated = hub.Update(page, logins->at("docker.io"));
  if (!updated) {
    std::cerr << "drydock: " << updated.failure().ToString() << '\n';
    if (!updated.failure().advice.empty()) {
      std::cerr << "drydock: " << updated.failure().advice << '\n';
    }
    return ExitCodeOfPage(updated.failure());
  }
  std::cout << "the Hub's page of " << flags.repository
            << (updated.value() ? " was changed\n" : " says so already\n");
  return 0;
}

}  // namespace

void AddHubPage(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<HubPageFlags>();
  CLI::App* page =
      app.add_subcommand("hub-page", "Update what Docker Hub's page of a repository says");
  page->footer(kHubPageFooter);
  page->add_option("FILE", flags->file, "The full description (Markdown)")->required();
  page->add_option("REPOSITORY", flags->repository, "NAMESPACE/NAME at Docker Hub")->required();
  page->add_option("--short", flags->short_description, "The short description; default: stays");
  page->add_flag("--check", flags->check, "Only say whether it fits");
  page->add_option("--docker-config", flags->docker_config,
                   "Folder with docker's config.json; default: ~/.docker")
      ->envname("DOCKER_CONFIG");
  page->add_option("--ca-file", flags->ca_file, "PEM file of authorities to trust")
      ->check(CLI::ExistingFile);
  page->add_option("--api", flags->api, "Where the Hub's API is")->capture_default_str();
  page->callback([flags, &exit_code] { exit_code = RunHubPage(*flags); });
}

}  // namespace drydock::cli
