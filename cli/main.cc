// The `drydock` program: reads the command line and hands over to one command.
#include <CLI/CLI.hpp>
#include <string>

#include "cli/commands.h"

namespace {

constexpr char kAbout[] =
    "Rehearse, break and prove how container images are published, offline; then run the same\n"
    "publisher for real.";

constexpr char kExamples[] =
    "Examples:\n"
    "  drydock replay scenarios/incidents/2026-05-28-cache-export-400.json\n"
    "  drydock serve --port 5000\n"
    "  drydock publish release.json --plan\n"
    "  drydock diagnose --ci 332.log --host host.log\n"
    "  drydock hash\n";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kAbout, "drydock");
  app.set_version_flag("--version", std::string("drydock ") + DRYDOCK_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);
  int exit_code = 0;
  // One line a command, in the order that --help shows them.
  drydock::cli::AddReplay(app, exit_code);
  drydock::cli::AddScenario(app, exit_code);
  drydock::cli::AddImport(app, exit_code);
  drydock::cli::AddServe(app, exit_code);
  drydock::cli::AddInit(app, exit_code);
  drydock::cli::AddPublish(app, exit_code);
  drydock::cli::AddPush(app, exit_code);
  drydock::cli::AddDiagnose(app, exit_code);
  drydock::cli::AddHubPage(app, exit_code);
  drydock::cli::AddHash(app, exit_code);
  drydock::cli::AddTree(app, exit_code);
  drydock::cli::AddDescriptions(app, DRYDOCK_VERSION, exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : drydock::cli::kExitUsage;
  }
  return exit_code;
}
